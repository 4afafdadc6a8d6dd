"""Takes runs through their stages, one at a time: the more urgent first, then the older."""

import shutil
from collections.abc import Callable
from typing import Final

import structlog
from confluent_kafka import KafkaException
from sqlalchemy.exc import SQLAlchemyError

from runtime.errors import OperatorError
from runtime.registry import (
    ArtifactDamaged,
    Conflict,
    Stamp,
    advance_run,
    products_of,
    record_gate,
    record_product,
    steps_of,
    unfinished_runs,
)
from runtime.registry.runs import request_of
from runtime.registry.tables import Run
from services.retraining.intake import MAKING
from services.retraining.naming import folder_of
from services.retraining.stages.stage import Bench, Made, RunFailed, Stage, Standing
from services.retraining.stages.table import STEPS, stage_of

SERVICE = "retraining"
_PRIORITY: Final = {"high": 0, "normal": 1, "low": 2}
_OUTSIDE = (OperatorError, OSError, SQLAlchemyError, KafkaException, MemoryError)
"""What no run is to blame for: the process ends, and the run goes on where it stood."""

_log = structlog.get_logger(__name__)


class Worker:
    """For one thread. Raises what no run is to blame for."""

    def __init__(
        self,
        bench: Bench,
        works_for: Callable[[str], bool],
        next_stage: Callable[[Standing], Stage | None] = stage_of,
    ) -> None:
        """`works_for` says of a model whether its runs are this process' own."""
        self._bench = bench
        self._works_for = works_for
        self._next_stage = next_stage

    def turn(self) -> bool:
        """One stage of one run; whether anything was done. Runs that wait for something hold up no other."""
        return any(self._take_on(self._standing(run)) for run in self._runs())

    def sweep(self) -> None:
        """Deletes the job folders of runs that brought their candidate or ended: what counts is in the registry."""
        with self._bench.registry.reading() as session:
            at_work = {folder_of(run.run_id) for run, step in unfinished_runs(session) if step in MAKING}
        for folder in self._bench.work.glob("*"):
            if folder.name not in at_work:
                shutil.rmtree(folder, ignore_errors=True)  # another slot may be at it; what is left goes the next time

    def _runs(self) -> list[Run]:
        """Those that stages may take on."""
        with self._bench.registry.reading() as session:
            found = [run for run, step in unfinished_runs(session) if step in STEPS and self._works_for(run.model)]
        return sorted(found, key=lambda run: (_PRIORITY[run.priority], run.requested_ms, run.run_id))

    def _standing(self, run: Run) -> Standing:
        with self._bench.registry.reading() as session:
            last = steps_of(session, run.run_id)[-1]
            return Standing(request_of(run), last.step, last.registered_ms, products_of(session, run.run_id))

    def _take_on(self, standing: Standing) -> bool:
        stage = self._next_stage(standing)
        made = self._made(stage, standing) if stage is not None else None
        if made is None or not self._works_for(standing.request.model):
            return False
        try:
            self._write(standing, made)
        except Conflict as refused:
            self._write(standing, _failed(f"the registry refused what was made: {refused.what}"))
        return True

    def _made(self, stage: Stage, standing: Standing) -> Made | None:
        try:
            return stage(self._bench, standing)
        except (RunFailed, ArtifactDamaged) as failure:
            return _failed(str(failure))
        except _OUTSIDE:
            raise
        except Exception as error:  # noqa: BLE001  the same products would raise it for ever, and hold up other models
            _log.exception("stage_raised", run_id=standing.run_id, stage=stage.__name__)
            return _failed(f"{stage.__name__} raised {type(error).__name__}: {error}")

    def _write(self, standing: Standing, made: Made) -> None:
        registry, stamp = self._bench.registry, Stamp(SERVICE, self._bench.clock.wall_ms())
        blobs = {name: registry.artifacts.put(product.data) for name, product in made.products.items()}
        with registry.writing() as session:
            if steps_of(session, standing.run_id)[-1].step != standing.step:
                return  # a person decided meanwhile
            for name, blob in blobs.items():
                record_product(session, stamp, standing.run_id, name, blob, made.products[name].media_type)
            for gate, results in made.gates.items():
                record_gate(session, stamp, standing.run_id, gate, results)
            made.write(session, stamp)
            for step, detail in made.steps:
                advance_run(session, stamp, standing.run_id, step, detail)
        if made.steps:
            self.sweep()
        for step, detail in made.steps:
            _log.info("step", run_id=standing.run_id, model=standing.request.model, step=step, detail=detail)


def _failed(why: str) -> Made:
    return Made(steps=(("failed", why),))
