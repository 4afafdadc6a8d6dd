"""What the registry tells of a version, in words: where it comes from, how good it was, where it serves."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from driftline.errors import CommandError
from driftline.importance import Steadiness, steadiness_of
from driftline.output import count, table, utc
from driftline.registry import opened
from runtime.registry import (
    Card,
    Lineage,
    Serving,
    card_of,
    lineage_of,
    models_of,
)
from runtime.registry.lineage import Judged, UsedDataset
from schemas.approval import Approval
from schemas.model_event import GateResult

NOT_KNOWN = "not known"
AVERAGED = ("_macro", "_weighted")
"""Endings of averages over classes, which only the card and the figures of the holdout tell."""
_TOP = 5
_DIGITS = 15
"""Of a digest that names what another line has in full."""


def read_lineage(data_dir: Path, model: str) -> tuple[Lineage, ...]:
    """A model's versions, the newest first. Raises CommandError where there is no registry, or no such model in it."""
    with opened(data_dir) as registry, registry.reading() as session:
        return lineage_of(session, model)


def read_card(data_dir: Path, version: str, model: str | None) -> Card:
    """The card of a version. Raises CommandError where none is registered, or several models have one of that name."""
    with opened(data_dir) as registry, registry.reading() as session:
        models = [model] if model else models_of(session, version)
        if len(models) > 1:
            raise CommandError(
                f"{len(models)} models have a version {version}: {', '.join(models)}.", "name one with --model"
            )
        if not models:
            raise CommandError(
                f"No version {version} is registered.",
                "`driftline lineage MODEL` lists a model's versions; a retraining run registers new ones",
            )
        return card_of(session, models[0], version)


def lineage_tables(lineages: Sequence[Lineage]) -> Iterator[Table]:
    """One table a version."""
    steadiness = steadiness_of(lineages)
    for lineage in lineages:
        rows = [(name, escape(words)) for name, words in _facts(lineage, steadiness.get(lineage.version))]
        yield table(escape(f"{lineage.model} {lineage.version}"), ("", ""), rows)


def _facts(lineage: Lineage, steadiness: Steadiness | None) -> Iterator[tuple[str, str]]:
    yield "serves", "; ".join(map(_serving, lineage.serving)) or _no_more(lineage)
    yield "made by", _made_by(lineage)
    for dataset in lineage.datasets:
        yield dataset.role, _dataset(dataset)
    for origin in dict.fromkeys(filter(None, map(offsets, lineage.datasets))):
        yield "read from", origin
    if not any(dataset.role == "training" for dataset in lineage.datasets):
        yield "training", NOT_KNOWN
    shown = (metric for metric in lineage.metrics if not metric.segment and not metric.name.endswith(AVERAGED))
    yield from ((metric.name, _judged(metric)) for metric in shown)
    if segments := sorted({metric.segment for metric in lineage.metrics} - {""}):
        yield "by segment", f"{', '.join(segments)}: see `driftline card {lineage.version}`"
    if not lineage.metrics:
        yield "figures", NOT_KNOWN
    if lineage.importance:
        yield "importance", ", ".join(f"{name} {share:.1%}" for name, share in list(lineage.importance.items())[:_TOP])
    if steadiness:
        yield "stability", str(steadiness)
    for gate in ("data", "model"):
        yield f"{gate} gate", _gate([result for result in lineage.gates if result.gate == gate])
    yield "approvals", "; ".join(map(approval_words, lineage.approvals)) or "none"
    yield "artifact", lineage.artifact_digest or NOT_KNOWN
    yield "code", lineage.code_version or NOT_KNOWN
    yield "environment", _environment(lineage)


def _serving(serving: Serving) -> str:
    share = f"{serving.weight_bp / 100:g} % of {serving.target}"
    return f"{share}{' (mirrored)' if serving.mirrored else ''} since {utc(serving.from_ms)}"


def _no_more(lineage: Lineage) -> str:
    ends = [serving.to_ms for serving in lineage.served if serving.to_ms is not None]
    return f"no more, since {utc(max(ends))}" if ends else "no deployment is recorded"


def _made_by(lineage: Lineage) -> str:
    run = lineage.run
    if run is None:
        return f"no run of Driftline; registered {utc(lineage.registered_ms)}"
    step = run.steps[-1]
    return f"run {run.run_id} ({run.policy}: {run.reason.rstrip('.')}); {step.step} since {utc(step.time_ms)}"


def _dataset(dataset: UsedDataset) -> str:
    times = f", {utc(dataset.start_ms)} to {utc(dataset.end_ms)}" if dataset.start_ms is not None else ""
    return f"{count(dataset.rows)} rows{times}, {dataset.digest}"


def offsets(dataset: UsedDataset) -> str:
    """The offsets that a dataset came from."""
    parts = (f"{part.topic}/{part.partition} {count(part.start)} to {count(part.end)}" for part in dataset.ranges)
    said = ", ".join(parts)
    return f"offsets of {said}" if said else ""


def _judged(metric: Judged) -> str:
    figure = metric.figure
    where = f"on {metric.role or f'rows {metric.dataset_digest[:_DIGITS]}…'}"
    if figure.value is None:
        return f"none {where}: {figure.why_not}"
    interval = "" if figure.low is None or figure.high is None else f" ({figure.low:.3f} – {figure.high:.3f})"
    return f"{figure.value:.3f}{interval} {where}, {count(figure.n)} rows"


def _gate(results: Sequence[GateResult]) -> str:
    if not results:
        return NOT_KNOWN
    failed = [f"{rule(result)}: {result.detail}" for result in results if not result.passed]
    return f"failed: {'; '.join(failed)}" if failed else f"passed ({', '.join(rule(result) for result in results)})"


def rule(result: GateResult) -> str:
    """A rule by its name, and what it looked at."""
    return f"{result.rule} of {result.feature}" if result.feature else result.rule


def approval_words(approval: Approval) -> str:
    """A decision in a phrase."""
    to = f"up to {approval.max_weight_bp / 100:g} % of {approval.target} " if approval.decision == "approve" else ""
    return f"{approval.decision} {to}by {approval.actor}, {utc(approval.time_ms)}"


def _environment(lineage: Lineage) -> str:
    return f"Python {lineage.python}, {len(lineage.packages)} packages" if lineage.python else NOT_KNOWN
