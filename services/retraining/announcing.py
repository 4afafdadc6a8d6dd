"""What the registry has to tell: a run's steps as `model.events`, and a candidate's baseline."""

from dataclasses import dataclass

from sqlmodel import Session

from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from runtime.registry import ArtifactStore, RunView, run_view, unannounced
from schemas.model_event import GateResult, ModelEvent, Step
from services.retraining.naming import version_of

RESULTS, RESULT_DETAIL, DETAIL = 200, 1_000, 10_000
"""What an event tells of a gate's results, of each one's detail and of its own, in characters: a record has 1 MiB, a
model up to 2,100 columns."""
BASELINE = "baseline"
"""The product that goes to the topic `baselines` once there is a candidate."""


@dataclass(frozen=True, slots=True)
class News:
    """A step of a run that was not told yet, and the records that tell it."""

    run_id: str
    model: str
    step: Step
    records: tuple[OutRecord, ...]


def news_of(session: Session, artifacts: ArtifactStore, partitions: int) -> list[News]:
    """Steps that were not told, in the order they were taken; `partitions` of `model.events`."""
    found = []
    for step, run in unannounced(session):
        view = run_view(session, run.run_id)
        event = event_of(view, step.step, step.registered_ms, step.detail)
        key = run.model.encode()
        records = [OutRecord("model.events", key, event.to_json(), partition_of(key, partitions))]
        if step.step == "candidate":
            baseline = artifacts.read(view.products[BASELINE])
            records.insert(0, OutRecord("baselines", f"{run.model}/{event.version}".encode(), baseline))
        found.append(News(run.run_id, run.model, step.step, tuple(records)))
    return found


def event_of(view: RunView, step: Step, time_ms: int, detail: str) -> ModelEvent:
    """The event that tells one step of a run, from facts alone."""
    gate = {"data_gate": "data", "model_gate": "model"}.get(step)
    later = step not in {"started", "data_gate"}
    return ModelEvent(
        run_id=view.run_id,
        model=view.model,
        version=version_of(view.run_id, view.requested_ms),
        step=step,
        time_ms=time_ms,
        artifact_digest=view.products.get("chosen") if step in {"model_gate", "candidate"} else None,
        dataset_digest=view.products.get("rows:training") if later or gate else None,
        gates=_told([result for result in view.gates if result.gate == gate]),
        metrics=view.metrics if step in {"model_gate", "candidate"} else {},
        detail=detail[:DETAIL],
    )


def _told(results: list[GateResult]) -> tuple[GateResult, ...]:
    """All, or as many as fit, failures first; the registry has the rest."""
    shown = results if len(results) <= RESULTS else sorted(results, key=lambda result: result.passed)[:RESULTS]
    return tuple(result.model_copy(update={"detail": result.detail[:RESULT_DETAIL]}) for result in shown)
