"""Rows to a table: the names, order and types of its columns, and where their values come from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from runtime.decode.shape import category_text
from schemas.baseline import Baseline, Kind
from schemas.monitor import Monitor
from services.retraining.snapshot.classes import Naming
from services.retraining.snapshot.rows import Row, Unfolded, unfolded
from services.retraining.snapshot.survey import Survey

PROBABILITY, SEGMENT, FEATURE = "probability:", "segment:", "feature:"
"""Before the names of classes, dimensions and features."""
_KINDS: Mapping[Kind, tuple[pa.DataType, Callable[[Any], Any]]] = {
    "numeric": (pa.float64(), float),
    "categorical": (pa.string(), category_text),
    "boolean": (pa.bool_(), bool),
}
_Column = tuple[str, pa.DataType, Callable[[Unfolded], Any]]
"""Name, type, and a row's value: None where it is missing."""


def table_of(rows: Sequence[Row], monitor: Monitor, baseline: Baseline | None) -> pa.Table:
    """The rows' table, by time and id. Of a regression, rows whose answer or label is a text are left out."""
    rows = sorted(rows)
    survey = Survey(monitor, baseline)
    for piece in unfolded(rows, monitor):
        survey.look_at(piece)
    naming = survey.naming()
    columns = list(_columns(survey, naming))
    schema = pa.schema([(name, kind) for name, kind, _ in columns])
    tables = [schema.empty_table()]
    for piece in unfolded(rows, monitor):
        fitting = [row for row in piece if naming.fits(row.event["prediction"]) and naming.fits(row.told.label)]
        arrays = [pa.array([value_of(row) for row in fitting], kind) for _, kind, value_of in columns]
        tables.append(pa.Table.from_arrays(arrays, schema=schema))
    return pa.concat_tables(tables).combine_chunks()


def _columns(survey: Survey, naming: Naming) -> Iterator[_Column]:
    answer = pa.float64() if naming.is_regression else pa.string()
    yield "prediction_id", pa.string(), lambda row: row.id
    yield "time_ms", pa.int64(), lambda row: row.time_ms
    yield "label_ms", pa.int64(), lambda row: row.told.time_ms
    yield "version", pa.string(), lambda row: row.event["version"]
    yield "variant", pa.string(), lambda row: row.event.get("variant")
    yield "prediction", answer, lambda row: naming.named(row.event["prediction"])
    yield "score", pa.float64(), lambda row: _or_none(float, row.event.get("score"))
    if not naming.is_regression:
        yield from map(_probability, survey.classes())
    yield "label", answer, lambda row: naming.named(row.told.label)
    yield "value", pa.float64(), lambda row: row.told.value
    yield from map(_segment, survey.dimensions())
    for name, kind in survey.features().items():
        yield _feature(name, kind)


def _probability(name: str) -> _Column:
    return (
        PROBABILITY + name,
        pa.float64(),
        lambda row: _or_none(float, (row.event.get("probabilities") or {}).get(name)),
    )


def _segment(name: str) -> _Column:
    return SEGMENT + name, pa.string(), lambda row: row.groups.get(name)


def _feature(name: str, kind: Kind) -> _Column:
    of_kind, as_kind = _KINDS[kind]
    return FEATURE + name, of_kind, lambda row: _or_none(as_kind, row.event["features"].get(name))


def _or_none(as_kind: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else as_kind(value)
