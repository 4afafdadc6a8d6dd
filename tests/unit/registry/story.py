"""A model's life, as the calls that services make; each in a transaction of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from runtime.registry import (
    Candidate,
    Origin,
    Registry,
    RegistrySettings,
    Stamp,
    advance_run,
    announce,
    join_run,
    open_run,
    record_approval,
    record_deployment,
    record_gate,
    record_metrics,
    record_product,
    record_refusal,
    register_candidate,
    register_dataset,
    state,
)
from runtime.registry.tables import METADATA
from schemas.approval import Approval
from schemas.base import SourceRange
from schemas.model_event import GateResult
from schemas.performance_window import Figure
from schemas.retraining import RetrainingRequest
from schemas.rollout import RolloutDesired, VariantWeight
from tests.unit.registry.compared import (
    ARTIFACT,
    COMPARISON,
    HOLDOUT,
    HOUR,
    MODEL,
    NEW,
    OLD,
    PLAN,
    RUN,
    T0,
    TRAINING,
    WEIGHTS,
)

CALLS = 23
"""Of the whole life."""
Call = Callable[[Session, Stamp], bool]


def settings(folder: Path, url: str | None = None) -> RegistrySettings:
    return RegistrySettings(url=url or f"sqlite:///{folder / 'registry.db'}", artifacts=str(folder / "artifacts"))


def source(partition: int, start: int, end: int, topic: str = "predictions") -> SourceRange:
    return SourceRange(topic=topic, topic_id="q1w2", partition=partition, partitions=2, start=start, end=end)


REQUEST = RetrainingRequest(
    trigger_id=RUN,
    model=MODEL,
    version=OLD,
    policy="weekly-drift",
    kind="drift",
    reason="wind_speed drifted in 3 windows of 7 days",
    window_ids=("aa646deb",),
    requested_ms=T0,
    actor="triggers",
)
BY_HAND = RetrainingRequest(
    trigger_id="9f3a11c0",
    model=MODEL,
    version=OLD,
    policy="by-hand",
    kind="manual",
    priority="high",
    reason="new aircraft types",
    requested_ms=T0 + HOUR,
    actor="Zoë@example.org",
)
"""Joins the run of the first."""
DATA_GATE = (
    GateResult(gate="data", rule="rows", passed=True, value=41_210.0, bound=10_000.0, detail="41,210 labelled rows"),
    GateResult(gate="data", rule="leakage", feature="carrier", passed=True, value=0.4, bound=0.99, detail="none"),
)
MODEL_GATE = (GateResult(gate="model", rule="f1", passed=True, value=0.02, bound=0.0, detail="better by 0.02"),)
F1 = Figure(value=0.741, low=0.72, high=0.76, n=8_000)
TOO_FEW = Figure(n=12, why_not="too few labels: 12 of 30")


def approval(**changes: Any) -> Approval:
    fields: dict[str, Any] = {
        "approval_id": "1b91b567",
        "run_id": RUN,
        "model": MODEL,
        "version": NEW,
        "artifact_digest": ARTIFACT,
        "target": "flights",
        "decision": "approve",
        "max_weight_bp": 1_000,
        "actor": "mara@example.org",
        "requester": "triggers",
        "reason": "better in every segment",
        "time_ms": T0 + 3 * HOUR,
        "expires_ms": T0 + 200 * HOUR,
    }
    return Approval(**(fields | changes))


def desired(generation: int, new_bp: int, approval_ref: str | None) -> RolloutDesired:
    variants = [(OLD, "old-digest", 10_000 - new_bp)] + ([(NEW, ARTIFACT, new_bp)] if new_bp else [])
    return RolloutDesired(
        command_id=f"c{generation}",
        target="flights",
        rollout_id="r1",
        epoch=1,
        generation=generation,
        variants=tuple(VariantWeight(model=MODEL, version=v, digest=d, weight_bp=w) for v, d, w in variants),
        stable_version=OLD,
        approval_ref=approval_ref,
        expires_ms=None,
        actor="rollout",
        evidence_ref=None,
        time_ms=T0,
    )


def candidate(registry: Registry, **changes: Any) -> Candidate:
    fields: dict[str, Any] = {
        "model": MODEL,
        "version": NEW,
        "artifact": registry.artifacts.put(WEIGHTS),
        "media_type": "application/onnx",
        "run_id": RUN,
        "datasets": {"training": TRAINING, "holdout": HOLDOUT},
        "parameters": {"depth": 6, "rate": 0.1, "loss": "log"},
        "seeds": {"split": 7, "model": 11},
        "baseline_digest": "0123456789abcdef",
        "task": "binary",
        "code_version": "b748898",
        "python": "3.11.7",
        "packages": {"numpy": "2.4.0", "scikit-learn": "1.7.2"},
        "importance": {"carrier": 0.25, "wind_speed": 0.75},
    }
    return Candidate(**(fields | changes))


def calls(registry: Registry) -> list[Call]:
    """Every call of the life, in order."""
    training = [
        Origin(source(0, 0, 20_000), T0 - 90 * HOUR, T0 - HOUR),
        Origin(source(1, 5, 21_215), T0 - 80 * HOUR, T0),
    ]
    holdout = [Origin(source(0, 20_000, 24_000), T0 - HOUR, T0)]
    made = candidate(registry)
    plan, comparison = registry.artifacts.put(PLAN), registry.artifacts.put(COMPARISON.to_json())
    figures = {"f1": F1, "auc": Figure(value=0.83, low=0.81, high=0.85, n=8_000)}
    return [
        lambda s, now: register_candidate(s, now, Candidate(model=MODEL, version=OLD, artifact=None)),
        lambda s, now: record_deployment(s, now, desired(1, 0, None), T0 - 100 * HOUR),
        lambda s, now: open_run(s, now, REQUEST),
        lambda s, now: register_dataset(s, now, TRAINING, 41_210, training),
        lambda s, now: register_dataset(s, now, HOLDOUT, 4_000, holdout),
        lambda s, now: record_gate(s, now, RUN, "data", DATA_GATE),
        lambda s, now: advance_run(s, now, RUN, "data_gate"),
        lambda s, now: register_candidate(s, now, made),
        lambda s, now: advance_run(s, now, RUN, "trained"),
        lambda s, now: record_metrics(s, now, model=MODEL, version=NEW, dataset_digest=HOLDOUT, figures=figures),
        lambda s, now: record_metrics(
            s, now, model=MODEL, version=NEW, dataset_digest=HOLDOUT, figures={"f1": TOO_FEW}, segment="origin=JFK"
        ),
        lambda s, now: record_gate(s, now, RUN, "model", MODEL_GATE),
        lambda s, now: advance_run(s, now, RUN, "model_gate"),
        lambda s, now: advance_run(s, now, RUN, "candidate"),
        lambda s, now: record_approval(s, now, approval()),
        lambda s, now: advance_run(s, now, RUN, "approved"),
        lambda s, now: record_deployment(s, now, desired(2, 1_000, "1b91b567"), T0 + 4 * HOUR),
        lambda s, now: join_run(s, now, BY_HAND, RUN),
        lambda s, now: record_product(s, now, RUN, "plan", plan, "application/json"),
        lambda s, now: record_product(s, now, RUN, "comparison", comparison, "application/json"),
        lambda s, now: announce(s, now, RUN, "started"),
        lambda s, now: record_refusal(s, now, approval(approval_id="0a", actor="triggers"), "triggers asked for it"),
        lambda s, _: state(
            s, Stamp("mara", T0 + 5 * HOUR), MODEL, "intended_use", "Warn of delays | not of cancellations"
        ),
    ]


def live(registry: Registry, start_ms: int = T0, until: int | None = None) -> list[bool]:
    """Makes the calls, a second apart; returns what each said."""
    said = []
    for number, call in enumerate(calls(registry)[:until]):
        with registry.writing() as session:
            said.append(call(session, Stamp("retraining", start_ms + 1_000 * number)))
    return said


def rows(registry: Registry, *, without: frozenset[str] = frozenset({"registered_ms"})) -> dict[str, list[Any]]:
    """All facts, without when they were registered, and without the log of it."""
    with registry.reading() as session:
        return {
            table.name: [
                {column: value for column, value in row.items() if column not in without}
                for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in METADATA.sorted_tables
            if not table.name.startswith("audit_")
        }
