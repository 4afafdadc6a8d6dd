"""Labelled rows between the offsets of the plan, split by time, and whether they are fit to train on."""

import pyarrow as pa
import structlog
from sqlmodel import Session

from runtime.registry import Origin, Stamp, register_dataset
from services.retraining.gates.data import judge_data, summary
from services.retraining.snapshot.plan import Plan
from services.retraining.snapshot.reading import PlanLost, read
from services.retraining.snapshot.split import column, packed, split
from services.retraining.stages.stage import ARROW, PARTS, Bench, Made, Product, RunFailed, Standing, parts_of, plan_of

_log = structlog.get_logger(__name__)


def take_rows(bench: Bench, standing: Standing) -> Made:
    """The rows of training, validation and holdout."""
    plan = plan_of(bench, standing)
    try:
        table = read(bench.kafka, plan, lambda line: _log.info("snapshot", run_id=standing.run_id, at=line))
    except PlanLost as error:
        raise RunFailed(str(error)) from error
    parts = split(table, plan.monitor.training.snapshot)
    return Made({f"rows:{part}": Product(packed(getattr(parts, part)), ARROW) for part in PARTS})


def examine(bench: Bench, standing: Standing) -> Made:
    """What the data gate says of all the rows; the datasets are registered whether they pass or not."""
    plan = plan_of(bench, standing)
    tables = parts_of(bench, standing)
    results = judge_data(tables.values(), plan.baseline, plan.monitor.training.data, plan.until_ms)
    told = summary(results)

    def write(session: Session, stamp: Stamp) -> None:
        for part, table in tables.items():
            digest = standing.products[f"rows:{part}"]
            register_dataset(session, stamp, digest, table.num_rows, _origins(plan, table))

    if all(result.passed for result in results):
        return Made(gates={"data": results}, write=write, steps=(("data_gate", told),))
    return Made(gates={"data": results}, write=write, steps=(("data_gate", told), ("failed", told)))


def _origins(plan: Plan, table: pa.Table) -> list[Origin]:
    times = column(table, "time_ms")
    first, last = (int(times[0]), int(times[-1])) if len(times) else (None, None)
    return [Origin(source, first, last) for source in plan.sources]
