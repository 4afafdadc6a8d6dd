"""Whether a snapshot's rows are fit to train on, against the baseline of the version that serves."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Final

import pyarrow as pa

from runtime.cells import unpack
from schemas.baseline import Baseline
from schemas.model_event import GateResult
from schemas.training import DataRules
from services.retraining.gates.layouts import is_regression
from services.retraining.gates.results import result, summary
from services.retraining.snapshot.split import as_snapshot, column
from stats.baseline import build_column
from stats.performance.layout import OutcomeLayout
from stats.reference import ColumnReference, Reference
from stats.retraining.data_bounds import DataBounds
from stats.retraining.data_gate import data_gate
from stats.retraining.gate_figure import GateFigure, at_least, unknown
from stats.retraining.labels import LabelReference
from stats.retraining.snapshot import Snapshot, kind_of, numbers_of

__all__ = ["judge_data", "summary"]

_OF_BASELINE: Final = frozenset({"schema", "missing", "unseen", "range", "distribution", "constant"})
"""Rules that hold features against a baseline."""
_NO_BASELINE: Final = (
    "there is no baseline of the version that serves: build one with `driftline baseline build`, or wait until enough "
    "of its events were seen to learn one"
)


def judge_data(
    tables: Iterable[pa.Table], baseline: Baseline | None, rules: DataRules, until_ms: int
) -> tuple[GateResult, ...]:
    """Judges all rows of a snapshot: every failure, and one line a rule that passed, the figure next to its bound.

    `tables` are its parts, each of which needs rows; `until_ms` is the time up to which rows were asked for. Without a
    baseline the rules that compare features do not pass; without labelled rows in it, as in one that was learned,
    balance is not judged, and each class needs its rows.
    """
    parts = list(tables)
    rows = pa.concat_tables(parts)
    snapshot = as_snapshot(rows)
    reference = _own(snapshot) if baseline is None else _known(baseline)
    figures = data_gate(snapshot, reference, _labels(rows, baseline), now_ms=until_ms, bounds=_bounds(rules))
    told: list[GateFigure] = []
    for rule, group in groupby(figures, key=lambda figure: figure.rule):
        if baseline is None and rule in _OF_BASELINE:
            told.append(unknown(rule, None, None, _NO_BASELINE))
        else:
            told += _told(list(group))
    told.append(_parts(parts))
    return tuple(result("data", figure) for figure in told)


def _parts(tables: list[pa.Table]) -> GateFigure:
    """Rows of one time stay together: of few times, a part may get none."""
    sizes = [table.num_rows for table in tables]
    detail = (
        f"the parts by time have {', '.join(f'{size:,}' for size in sizes)} rows, each needs some: rows of one time "
        "stay together, so see that events tell their own times, or take a longer training.snapshot.lookback"
    )
    return at_least("parts", None, min(sizes), 1, detail)


def _told(figures: list[GateFigure]) -> list[GateFigure]:
    """Of one rule its failures, or the one that passed most narrowly."""
    failures = [figure for figure in figures if not figure.passed]
    if failures or len(figures) == 1:
        return failures or figures
    nearest = min(figures, key=_room)
    return [replace(nearest, detail=f"{nearest.detail}; nearest to its bound of {len(figures):,}")]


def _room(figure: GateFigure) -> float:
    """How far a figure that passed is from its bound, relative to it."""
    if figure.value is None or figure.bound is None:
        return 0.0
    return abs(figure.bound - figure.value) / (abs(figure.bound) or 1.0)


def _known(baseline: Baseline) -> Reference:
    return Reference(tuple(ColumnReference(**record.model_dump()) for record in baseline.columns))


def _own(snapshot: Snapshot) -> Reference:
    """The snapshot as its own reference: what the rules that need none look at."""
    return Reference(
        tuple(
            build_column(name, "feature", kind, numbers_of(values) if kind == "numeric" else list(values))
            for name, values in snapshot.features.items()
            if (kind := kind_of(values)) in {"numeric", "categorical", "boolean"}
        )
    )


def _labels(rows: pa.Table, baseline: Baseline | None) -> LabelReference:
    known = None if baseline is None else baseline.outcomes
    if known is not None:
        layout = OutcomeLayout(known.task, known.classes, known.center, known.scale, known.edges)
        return LabelReference.of(layout, unpack(known.cells))
    if is_regression(rows):
        return LabelReference({}, measured=False)
    return LabelReference(Counter(sorted(name for name in column(rows, "label") if name is not None)), measured=False)


def _bounds(rules: DataRules) -> DataBounds:
    given = rules.model_dump()
    return DataBounds(age_ms=given.pop("age"), **given)
