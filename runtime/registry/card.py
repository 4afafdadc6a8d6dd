"""A version's model card, filled from facts. What is not known is said as such.

The sections are those of Mitchell et al., "Model Cards for Model Reporting", 2019 (arXiv 1810.03993).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from runtime.registry.facts import found
from runtime.registry.lineage import Judged, Lineage, UsedDataset, lineage_of
from runtime.registry.tables import Statement

ALL_ROWS = "all rows"
MOST_IMPORTANT = 10


class Section(BaseModel):
    """A part of a card: what is known by its name, and the names of what is not."""

    model_config = ConfigDict(frozen=True)

    known: dict[str, Any]
    not_known: tuple[str, ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Null, an empty text and an empty collection are not known; zero and false are."""
        lacking = tuple(name for name, fact in facts.items() if fact is None or fact in ("", (), [], {}))
        return cls(known={name: fact for name, fact in facts.items() if name not in lacking}, not_known=lacking)


class Card(BaseModel):
    """A model card; its sections are fields, in the order in which they are read."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model: str
    version: str
    model_details: Section
    intended_use: Section
    factors: Section
    metrics: Section
    evaluation_data: Section
    training_data: Section
    quantitative_analyses: Section
    ethical_considerations: Section
    caveats_and_recommendations: Section

    @property
    def sections(self) -> dict[str, Section]:
        """By title."""
        return {name.replace("_", " ").capitalize(): value for name, value in self if isinstance(value, Section)}


def card_of(session: Session, model: str, version: str) -> Card:
    """The card of a registered version. Raises NotRegistered."""
    (lineage,) = lineage_of(session, model, version)
    said: dict[str, str] = {row.section: row.text for row in found(session, Statement, model=model)}  # newest last
    return Card(
        model=model,
        version=version,
        model_details=_details(lineage, said),
        intended_use=Section.of(
            {
                "intended use": said.get("intended_use"),
                "out of scope": said.get("out_of_scope"),
                "serves now": [
                    f"{serving.weight_bp / 100:g} % of {serving.target}{' (mirrored)' if serving.mirrored else ''}"
                    for serving in lineage.serving
                ],
            }
        ),
        factors=Section.of(
            {
                "relevant factors": said.get("factors"),
                "most important features": [
                    f"{feature} {share:.1%}" for feature, share in list(lineage.importance.items())[:MOST_IMPORTANT]
                ],
                "segments judged": sorted({metric.segment for metric in lineage.metrics} - {""}),
            }
        ),
        metrics=Section.of(
            {
                "figures": sorted({metric.name for metric in lineage.metrics}),
                "intervals": "95 %" if any(metric.figure.low is not None for metric in lineage.metrics) else None,
                "decided by": [
                    f"{gate.rule} (bound {gate.bound:g})" if gate.bound is not None else gate.rule
                    for gate in lineage.gates
                    if gate.gate == "model"
                ],
            }
        ),
        evaluation_data=Section.of(
            {name: _data(lineage, name) for name in ("holdout", "validation", "cases")},
        ),
        training_data=Section.of({"training": _data(lineage, "training"), "checks": _gate_words(lineage, "data")}),
        quantitative_analyses=Section.of(
            {
                "results": {
                    title: {metric.name: _result(metric) for metric in lineage.metrics if metric.segment == segment}
                    for segment, title in _segments(lineage).items()
                },
                "gate": _gate_words(lineage, "model"),
            }
        ),
        ethical_considerations=Section.of({"considerations": said.get("ethical_considerations")}),
        caveats_and_recommendations=Section.of(
            {"caveats": said.get("caveats"), "rules not passed": _not_passed(lineage)}
            if lineage.gates
            else {"caveats": said.get("caveats")}
        ),
    )


def _details(lineage: Lineage, said: Mapping[str, str]) -> Section:
    run = lineage.run
    return Section.of(
        {
            "description": said.get("description"),
            "owner": said.get("owner"),
            "licence": said.get("licence"),
            "task": lineage.task,
            "registered": utc(lineage.registered_ms),
            "made by": f"run {run.run_id} of policy {run.policy}: {run.reason}" if run else "no run of Driftline",
            "state": run.stands.step if run else None,
            "approved by": [
                f"{approval.actor}, up to {approval.max_weight_bp / 100:g} % of the traffic of {approval.target}"
                for approval in lineage.approvals
                if approval.decision == "approve"
            ],
            "artifact": lineage.artifact_digest,
            "artifact bytes": lineage.artifact_bytes,
            "media type": lineage.media_type,
            "baseline": lineage.baseline_digest,
            "code version": lineage.code_version,
            "python": lineage.python,
            "packages": len(lineage.packages) or None,
            "environment": lineage.environment_digest,
            "parameters": lineage.parameters,
            "seeds": lineage.seeds,
        }
    )


def utc(time_ms: int) -> str:
    """A time in milliseconds since 1970 as `2013-07-01T06:00:00Z`."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _data(lineage: Lineage, role: str) -> dict[str, Any] | None:
    dataset = next((dataset for dataset in lineage.datasets if dataset.role == role), None)
    return None if dataset is None else _data_words(dataset)


def _data_words(dataset: UsedDataset) -> dict[str, Any]:
    section = Section.of(
        {
            "digest": dataset.digest,
            "rows": dataset.rows,
            "from": None if dataset.start_ms is None else utc(dataset.start_ms),
            "to": None if dataset.end_ms is None else utc(dataset.end_ms),
            "offsets": [f"{part.topic}/{part.partition} {part.start} to {part.end}" for part in dataset.ranges],
        }
    )
    return section.known | ({"not known": list(section.not_known)} if section.not_known else {})


def _segments(lineage: Lineage) -> dict[str, str]:
    return {segment: segment or ALL_ROWS for segment in sorted({metric.segment for metric in lineage.metrics})}


def _result(metric: Judged) -> dict[str, Any]:
    told = metric.figure.model_dump(exclude={"resolution"}, exclude_none=True)
    return {**told, "on": metric.role or metric.dataset_digest}


def _gate_words(lineage: Lineage, name: str) -> str | None:
    rules = [gate for gate in lineage.gates if gate.gate == name]
    passed = sum(gate.passed for gate in rules)
    return f"{passed} of {len(rules)} rules passed" if rules else None


def _not_passed(lineage: Lineage) -> str | list[str]:
    return [
        f"{gate.gate} gate, {gate.rule}{f' of {gate.feature}' if gate.feature else ''}: {gate.detail}"
        for gate in lineage.gates
        if not gate.passed
    ] or "none"
