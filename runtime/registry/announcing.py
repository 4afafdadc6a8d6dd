"""Which steps were published on `model.events`: what was written but not published is published after a crash."""

from sqlalchemy import and_, select
from sqlmodel import Session, col

from runtime.registry.facts import Stamp, record
from runtime.registry.steps import ORDER
from runtime.registry.tables import Announced, Run, RunStep
from schemas.model_event import Step


def announce(session: Session, stamp: Stamp, run_id: str, step: Step) -> bool:
    """Registers that a step was published; false if it was registered before."""
    return record(session, "announce", stamp, Announced(run_id=run_id, step=step, registered_ms=stamp.now_ms))


def unannounced(session: Session) -> list[tuple[RunStep, Run]]:
    """Steps not published yet with their runs, in the order they were taken; a run's own order holds in any case."""
    told = and_(col(Announced.run_id) == col(RunStep.run_id), col(Announced.step) == col(RunStep.step))
    missing = (
        select(RunStep, Run)
        .join(Run, col(Run.run_id) == col(RunStep.run_id))
        .outerjoin(Announced, told)
        .where(col(Announced.run_id).is_(None))
    )
    pairs = sorted(((step, run) for step, run in session.execute(missing)), key=lambda pair: ORDER[pair[0].step])
    reached_ms: dict[str, int] = {}
    taken_ms: dict[tuple[str, str], int] = {}
    for step, run in pairs:  # a clock may have been set back between two steps of a run
        reached_ms[run.run_id] = max(reached_ms.get(run.run_id, 0), step.registered_ms)
        taken_ms[run.run_id, step.step] = reached_ms[run.run_id]
    return sorted(pairs, key=lambda pair: (taken_ms[pair[1].run_id, pair[0].step], pair[1].run_id))
