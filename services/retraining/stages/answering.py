"""What candidates answer to every part of the snapshot and to the cases, and production's artifact to the cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import structlog

from runtime.registry import Lineage, NotRegistered, lineage_of
from runtime.training.protocol import Answers, Task
from services.retraining.backends.protocol import Running
from services.retraining.jobs import FEATURE, SPEC, Answered, TrainManifest, answer_job, answered
from services.retraining.snapshot.plan import Plan
from services.retraining.stages.stage import Bench, Standing, plan_of
from services.retraining.stages.training import CANDIDATE, is_done, job_of

CASES: Final = "cases"
INCUMBENT: Final = "incumbent"
TRAINER: Final = "trainer"
"""The parameter that says which trainer made a version."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Replies:
    """The answers of a run, by candidate and part."""

    task: Task
    candidates: Answered
    incumbent: Answered | None

    def of(self, name: str, part: str) -> Answers:
        """A candidate's answers to a part."""
        return self.candidates.answers(name, part, self.task)

    def joined(self, name: str, parts: Sequence[str]) -> Answers:
        """A candidate's answers to several parts, one after the other."""
        found = [self.of(name, part) for part in parts]
        chances = [of.probabilities for of in found if of.probabilities is not None]
        predictions = [of.prediction for of in found]
        whole = (
            np.concatenate(predictions)
            if self.task.kind == "regression"
            else [name for prediction in predictions for name in prediction]
        )
        return Answers(whole, np.concatenate(chances) if len(chances) == len(found) else None)

    def to_cases(self, name: str, n: int) -> Answers:
        """A candidate's answers to the cases; none where there are none."""
        return self.of(name, CASES) if n else Answers([], None)

    def incumbent_to_cases(self) -> Answers | None:
        """Production's, where its artifact could be asked."""
        return None if self.incumbent is None else self.incumbent.answers(INCUMBENT, CASES, self.task)


def still_answering(bench: Bench, standing: Standing) -> bool:
    """Whether a job that was submitted goes on: asked often, so nothing else is read for it."""
    plan = plan_of(bench, standing)
    job = job_of(bench, standing, plan, "answer")
    return (job.folder / SPEC).exists() and not is_done(bench, job)


def replies(bench: Bench, standing: Standing, plan: Plan, task: Task, parts: Mapping[str, pa.Table]) -> Replies | None:
    """All answers; None while somebody is still at it."""
    trainer = plan.monitor.training.trainer
    job = job_of(bench, standing, plan, "answer")
    if not (job.folder / SPEC).exists():
        artifacts = {
            of.name: bench.registry.artifacts.read(standing.products[f"{CANDIDATE}{of.name}"])
            for of in manifest_of(bench, standing).candidates
        }
        answer_job(job.folder, trainer=trainer, task=task, artifacts=artifacts, rows=parts)
    if not is_done(bench, job):
        return None
    production = _production(bench, plan) if CASES in parts else None
    if production is None or production.artifact_digest is None:
        return Replies(task, answered(job.folder), None)
    asked = job_of(bench, standing, plan, INCUMBENT)
    if not (asked.folder / SPEC).exists():
        artifact = bench.registry.artifacts.read(production.artifact_digest)
        made_by = str(production.parameters.get(TRAINER, trainer))
        answer_job(
            asked.folder, trainer=made_by, task=task, artifacts={INCUMBENT: artifact}, rows={CASES: parts[CASES]}
        )
    bench.backend.submit(asked)
    status = bench.backend.poll(asked)
    if isinstance(status, Running):
        return None
    done = (asked.folder / "result").exists()
    if not done:
        _log.warning("production_not_asked", run_id=standing.run_id, status=str(status))
    return Replies(task, answered(job.folder), answered(asked.folder) if done else None)


def cases_of(plan: Plan, like: pa.Table) -> pa.Table | None:
    """The monitor's cases as rows with the same features; None where there are none."""
    cases = plan.monitor.training.cases
    fields = [field for field in like.schema if field.name.startswith(FEATURE)]
    if not cases:
        return None
    columns = [[case.features.get(field.name.removeprefix(FEATURE)) for case in cases] for field in fields]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
    return pa.Table.from_arrays(
        [*arrays, pa.array([case.label for case in cases])], [*(field.name for field in fields), "label"]
    )


def manifest_of(bench: Bench, standing: Standing) -> TrainManifest:
    """How the candidates were made."""
    return TrainManifest.model_validate_json(bench.registry.artifacts.read(standing.products["trained"]))


def _production(bench: Bench, plan: Plan) -> Lineage | None:
    with bench.registry.reading() as session:
        try:
            (found,) = lineage_of(session, plan.model, plan.incumbent)
        except NotRegistered:
            return None
    return found
