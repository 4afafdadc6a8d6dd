"""Builds the reference of a column from training values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stats.fold import Columns, codes_of, fold
from stats.layout import Layout
from stats.reference import ColumnReference, Kind, Reference, Role

__all__ = [
    "ColumnReference",
    "Kind",
    "Reference",
    "Role",
    "build_column",
    "coded_reference",
    "edges_of",
    "location_of",
]

Values: TypeAlias = NDArray[np.float64] | Sequence[str | None] | Sequence[bool | None]

QUANTILE_BINS = 20
MAX_CATEGORIES = 100
"""Values with a cell of their own: the most frequent."""
MAX_REST = 1_000
"""Further values that are known by name; beyond them the reference is open-ended."""
_TAIL = 1_000  # tail bins lie beyond one in so many
_ABSURD = 100  # a spread so many times that of the inner 99.8 % is made by a few outliers


def build_column(name: str, role: Role, kind: Kind, values: Values, importance: float | None = None) -> ColumnReference:
    """The reference of one column, folded over its own cells.

    `values`: numeric float64[n] with NaN for missing; categorical texts or None; boolean booleans or None.
    """
    if kind == "numeric":
        numbers = np.asarray(values, dtype=np.float64)
        distinct, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
        with np.errstate(over="ignore"):
            below = np.nextafter(distinct[0], -np.inf) if distinct.size else np.nan
        edges = edges_of(distinct, counts, below)
        center, scale = location_of(distinct, counts, edges)
        column = ColumnReference(name, role, kind, edges=edges, center=center, scale=scale, importance=importance)
        codes = np.empty((0, numbers.size), np.int32)
        return replace(column, cells=_fold_alone(column, numbers[np.newaxis], codes))
    texts = [_text(value) for value in values]
    column = coded_reference(name, role, kind, Counter(text for text in texts if text is not None), importance)
    codes = codes_of(column, texts)[np.newaxis]
    return replace(column, cells=_fold_alone(column, np.empty((0, codes.size)), codes))


def edges_of(values: NDArray[np.float64], counts: NDArray[np.int64], below: float) -> tuple[float, ...]:
    """Bin edges for rising distinct finite values float64[d] with their counts int64[d].

    `below`, the greatest float under the first value, then the 0.1 % quantile, the 19 inner edges of 20
    quantile bins, the 99.9 % quantile and the maximum, without repetitions; with at most 20 values each
    value. Quantiles are order statistics (Hyndman and Fan 1996, type 1), so that ties fall wholly into one
    bin.
    """
    if not values.size:
        return ()
    inner = values
    if values.size > QUANTILE_BINS:
        n = int(counts.sum())
        parts = [
            (1, _TAIL),
            *((k, QUANTILE_BINS) for k in range(1, QUANTILE_BINS)),
            (_TAIL - 1, _TAIL),
            (1, 1),
        ]
        ranks = [-(-n * part // whole) for part, whole in parts]
        inner = values[np.searchsorted(np.cumsum(counts), ranks)]
    lower = [below] if np.isfinite(below) else []  # nothing lies below the lowest float
    return tuple((np.unique(np.append(lower, inner)) + 0.0).tolist())


def location_of(
    values: NDArray[np.float64], counts: NDArray[np.int64], edges: tuple[float, ...]
) -> tuple[float, float]:
    """Center and scale of a column: mean and standard deviation (population) of its finite values.

    The scale is 1 where the values do not vary. Where a few outliers make the spread more than a hundred
    times that of the values cut to their 0.1 % and 99.9 % quantiles, center and scale are those of the cut
    values.
    """
    if values.size < 2:
        return (float(values[0]), 1.0) if values.size else (0.0, 1.0)
    center, scale = _mean_std(values, counts)
    if values.size > QUANTILE_BINS:
        inner = _mean_std(np.clip(values, edges[1], edges[-2]), counts)
        if 0 < _ABSURD * inner[1] < scale:
            center, scale = inner
    return center, scale if scale > 1 / np.finfo(np.float64).max else 1.0


def coded_reference(
    name: str, role: Role, kind: Kind, counts: Counter[str], importance: float | None = None
) -> ColumnReference:
    """A categorical or boolean reference from the counts of its values, without cells yet."""
    if kind == "boolean":
        return ColumnReference(name, role, kind, categories=("false", "true"), importance=importance)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    return ColumnReference(
        name,
        role,
        kind,
        categories=tuple(ranked[:MAX_CATEGORIES]),
        rest=tuple(ranked[MAX_CATEGORIES : MAX_CATEGORIES + MAX_REST]),
        open_ended=len(ranked) > MAX_CATEGORIES + MAX_REST,
        seen_once=sum(count == 1 for count in counts.values()),
        importance=importance,
    )


def _mean_std(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float, float]:
    unit = float(np.abs(values).max())  # keeps squares of huge and of tiny values within range
    if unit == 0:
        return 0.0, 0.0
    scaled = values / unit
    mean = np.average(scaled, weights=counts)
    return float(mean * unit), float(np.sqrt(np.average((scaled - mean) ** 2, weights=counts)) * unit)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _fold_alone(column: ColumnReference, values: NDArray[np.float64], codes: NDArray[np.int32]) -> tuple[int, ...]:
    layout = Layout(Reference((column,)))
    n = values.shape[1]
    nothing = np.full(n, np.nan)
    columns = Columns(values, codes, np.zeros(n, np.int16), nothing, nothing)
    vector = fold(layout, columns, np.zeros(n, np.int64), 1)[0]
    return tuple(vector[layout.sections[0].start :].tolist())
