"""What the last stage puts on record: the version with all that made it, its figures and production's, its baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlmodel import Session

from runtime.registry import (
    Blob,
    Candidate,
    Stamp,
    advance_run,
    models_of,
    record_metrics,
    register_candidate,
    register_dataset,
    unfinished_runs,
)
from runtime.registry.tables.models import Role
from schemas.baseline import Baseline
from schemas.comparison import Comparison, Part, Tried
from schemas.model_event import GateResult
from services.retraining.gates.comparing import Background
from services.retraining.gates.figures import Measured
from services.retraining.gates.rebaseline import Answered, rebaseline
from services.retraining.jobs import TrainedCandidate, TrainManifest
from services.retraining.snapshot.plan import Plan
from services.retraining.snapshot.smallest import hash_of
from services.retraining.snapshot.split import column, digest_of, packed
from services.retraining.stages.answering import CASES, TRAINER, Replies
from services.retraining.stages.stage import PARTS, Write
from stats.performance.layout import OutcomeLayout

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came out of a run's training and gates."""

    run_id: str
    version: str
    plan: Plan
    layout: OutcomeLayout
    parts: Mapping[str, pa.Table]
    """Rows of the snapshot's parts, and the cases where there are any."""
    digests: Mapping[Role, str]
    """Of the snapshot's parts."""
    manifest: TrainManifest
    tried: tuple[Tried, ...]
    """The chosen one first."""
    results: tuple[GateResult, ...]
    code_version: str | None

    @property
    def chosen(self) -> TrainedCandidate:
        """As the training process left it."""
        return next(of for of in self.manifest.candidates if of.name == self.tried[0].name)

    @property
    def datasets(self) -> dict[Role, str]:
        """Digests by role."""
        found: dict[Role, str] = dict(self.digests)
        if (cases := self.parts.get(CASES)) is not None:
            found["cases"] = digest_of(packed(cases))
        return found


def background_of(outcome: Outcome, earlier: Sequence[Comparison]) -> Background:
    """What a person is told beside the figures."""
    baseline = outcome.plan.baseline
    known = {column.name: column.importance for column in baseline.columns} if baseline is not None else {}
    return Background(
        run_id=outcome.run_id,
        model=outcome.plan.model,
        version=outcome.version,
        artifact_digest=outcome.tried[0].artifact_digest,
        parts=tuple(_part(role, outcome.parts[role], digest) for role, digest in outcome.datasets.items()),
        tried=outcome.tried,
        gates=outcome.results,
        production_importance={name: share for name, share in known.items() if share is not None},
        candidate_importance=outcome.chosen.importance,
        history=[of.turned for of in earlier if of.turned is not None],
        labelled_per_day=_labelled_per_day(outcome),
    )


def baseline_of(outcome: Outcome, said: Replies) -> Baseline:
    """What the candidate is watched by once it serves."""
    made_of = [outcome.parts[part] for part in ("training", "validation")]
    answers = said.joined(outcome.chosen.name, ("training", "validation"))
    return rebaseline(
        outcome.layout,
        Answered(pa.concat_tables(made_of), answers),
        Answered(outcome.parts["holdout"], said.of(outcome.chosen.name, "holdout")),
        model=outcome.plan.model,
        version=outcome.version,
        dataset_digest=outcome.digests["training"],
        importance=outcome.chosen.importance,
    )


def recorded(outcome: Outcome, artifact: Blob, baseline: Baseline | None, measured: Sequence[Measured]) -> Write:
    """Writes all of it. A candidate that passed takes the place of one that still waits for a decision."""
    plan, chosen = outcome.plan, outcome.chosen
    candidate = Candidate(
        plan.model,
        outcome.version,
        artifact,
        chosen.media_type,
        run_id=outcome.run_id,
        datasets=outcome.datasets,
        parameters={**chosen.parameters, TRAINER: plan.monitor.training.trainer},
        seeds={TRAINER: plan.monitor.training.seed},
        baseline_digest=baseline.digest if baseline is not None else None,
        task=outcome.layout.task,
        code_version=outcome.code_version,
        python=outcome.manifest.python,
        packages=outcome.manifest.packages,
        importance=chosen.importance,
    )

    def write(session: Session, stamp: Stamp) -> None:
        if CASES in outcome.parts:
            register_dataset(session, stamp, outcome.datasets[CASES], outcome.parts[CASES].num_rows, [])
        if plan.model not in models_of(session, plan.incumbent):
            register_candidate(session, stamp, _incumbent(plan))
        register_candidate(session, stamp, candidate)
        for segment, production, found in measured:
            for version, figures in ((plan.incumbent, production), (outcome.version, found)):
                record_metrics(
                    session,
                    stamp,
                    model=plan.model,
                    version=version,
                    dataset_digest=outcome.digests["holdout"],
                    figures=figures,
                    segment=segment,
                )
        if all(result.passed for result in outcome.results):
            for run, step in unfinished_runs(session, plan.model):
                if step == "candidate":
                    advance_run(session, stamp, run.run_id, "retired", f"{outcome.version} takes its place")

    return write


def _labelled_per_day(outcome: Outcome) -> float:
    """Labelled rows a day; where the snapshot was capped, by the share of all hashes that its rows fill."""
    tables = [outcome.parts[part] for part in PARTS]
    n = sum(table.num_rows for table in tables)
    first_ms, last_ms = column(tables[0], "time_ms")[0], column(tables[-1], "time_ms")[-1]
    if n >= outcome.plan.monitor.training.snapshot.rows:
        largest = max(hash_of(name.encode()) for table in tables for name in column(table, "prediction_id"))
        n = (n - 1) / ((int.from_bytes(largest) + 1) / 2 ** (8 * len(largest)))
    return float(n / (max(last_ms - first_ms, 1) / _DAY_MS))


def _incumbent(plan: Plan) -> Candidate:
    """A version that was made elsewhere, by what its baseline says."""
    baseline = plan.baseline
    return Candidate(
        plan.model,
        plan.incumbent,
        None,
        baseline_digest=baseline.digest if baseline is not None else None,
        task=baseline.outcomes.task if baseline is not None and baseline.outcomes is not None else None,
    )


def _part(role: Role, rows: pa.Table, digest: str) -> Part:
    times = column(rows, "time_ms") if "time_ms" in rows.column_names else []
    first, last = (int(times[0]), int(times[-1])) if len(times) else (None, None)
    return Part(role=role, digest=digest, rows=rows.num_rows, start_ms=first, end_ms=last)
