"""Numeric values in sign-aware log-linear bins that need no edges, for models without a baseline.

A bin is named by the exponent and the leading 7 mantissa bits of the float: 128 bins an octave, at most 0.8 %
wide, and whole numbers up to 256 have a bin each. Bin 0 holds zero alone; negative values mirror positive
ones. The idea of DDSketch (Masson, Rim and Lee 2019, https://arxiv.org/abs/1908.10693) with bins read from
the float's bits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stats.baseline import MAX_CATEGORIES, MAX_REST, coded_reference, edges_of, location_of
from stats.fold import codes_of
from stats.layout import Layout, fixed_point
from stats.reference import ColumnReference, Kind, Reference, Role
from stats.section import NumericSection

_SHIFT = 52 - 7
OTHER = "__other__"
"""Counts the values beyond the cap."""
MAX_VALUES = MAX_CATEGORIES + MAX_REST


@dataclass(frozen=True, slots=True)
class ColumnSketch:
    """Counts of one column of a model without a baseline; the fields are those of the `profiles` contract."""

    kind: Kind
    bins: Mapping[int, int] = field(default_factory=dict)
    """Numeric: count by bin."""
    values: Mapping[str, int] = field(default_factory=dict)
    """Categorical and boolean: count by value, `__other__` for those beyond the cap."""
    missing: int = 0
    nonfinite: int = 0

    def __add__(self, other: "ColumnSketch") -> "ColumnSketch":
        """The counts of both; ValueError for columns of two kinds.

        Exact in any order, unless values beyond the cap are gathered: then totals are exact, and which values
        are kept by name depends on the order.
        """
        if self.kind != other.kind:
            raise ValueError(f"a {self.kind} column cannot become {other.kind}: give the model's column another name")
        return ColumnSketch(
            kind=self.kind,
            bins=Counter(self.bins) + Counter(other.bins),
            values=_capped(Counter(self.values) + Counter(other.values)),
            missing=self.missing + other.missing,
            nonfinite=self.nonfinite + other.nonfinite,
        )


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each finite value, float64[n] to int64[n]; rises with the value."""
    magnitude = np.abs(values).view(np.int64)
    number = (magnitude >> _SHIFT) + 1
    return np.where(values < 0, -number, np.where(magnitude == 0, 0, number))


def upper_end(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The greatest value of each bin, int64[n] to float64[n]; the bin above begins with the next float."""
    magnitude = np.where(bins > 0, (bins << _SHIFT) - 1, (-bins - 1) << _SHIFT)
    # The bin just below zero ends with the negative number nearest to it.
    ends = np.maximum(magnitude, 1).view(np.float64)
    return np.where(bins == 0, 0.0, np.copysign(ends, bins))


def representative(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The middle of each bin, int64[n] to float64[n], within 0.4 % of every value in it."""
    low, high = np.maximum(upper_end(bins - 1), np.finfo(np.float64).min), upper_end(bins)
    return np.where(bins == 0, 0.0, low / 2 + high / 2)


def sketch_numeric(values: NDArray[np.float64]) -> ColumnSketch:
    """Counts of float64[n]; NaN is missing."""
    missing = int(np.isnan(values).sum())
    finite = values[np.isfinite(values)]
    bins, counts = np.unique(bins_of(finite), return_counts=True)
    return ColumnSketch(
        kind="numeric",
        bins=dict(zip(bins.tolist(), counts.tolist(), strict=True)),
        missing=missing,
        nonfinite=values.size - finite.size - missing,
    )


def sketch_coded(kind: Kind, values: Iterable[str | None]) -> ColumnSketch:
    """Counts of texts (of booleans: the texts false and true); None is missing."""
    texts = list(values)
    counts = Counter(text for text in texts if text is not None)
    return ColumnSketch(kind=kind, values=_capped(counts), missing=texts.count(None))


def learn_column(name: str, role: Role, sketch: ColumnSketch, importance: float | None = None) -> ColumnReference:
    """The reference of a column from counts alone.

    Counts by bin are exact, because edges lie at ends of log-linear bins; sums take each value as its bin's
    middle. Gathered values count as rest, and make the reference open-ended.
    """
    if sketch.kind == "numeric":
        return _learn_numeric(name, role, sketch, importance)
    named = Counter({value: count for value, count in sketch.values.items() if value != OTHER})
    column = coded_reference(name, role, sketch.kind, named, importance)
    other = sketch.values.get(OTHER, 0)
    if other:
        column = replace(column, open_ended=True)
    cells = np.zeros(column.missing + 1, np.int64)
    np.add.at(cells, codes_of(column, named), list(named.values()))
    cells[len(column.categories)] += other
    cells[column.missing] += sketch.missing
    return replace(column, cells=tuple(cells.tolist()))


def _learn_numeric(name: str, role: Role, sketch: ColumnSketch, importance: float | None) -> ColumnReference:
    bins = np.array(sorted(sketch.bins), np.int64)
    counts = np.array([sketch.bins[number] for number in bins.tolist()], np.int64)
    middle, ends = representative(bins), upper_end(bins)
    edges = edges_of(ends, counts, float(upper_end(bins[:1] - 1)[0]) if bins.size else np.nan)
    center, scale = location_of(middle, counts, edges)
    column = ColumnReference(name, role, "numeric", edges=edges, center=center, scale=scale, importance=importance)
    layout = Layout(Reference((column,)))
    section = layout.sections[0]
    assert isinstance(section, NumericSection)  # noqa: S101  a numeric column has a numeric section
    z, square = fixed_point(middle, center, scale)
    place = section.start + layout.grids[0].bins_of(ends)
    vector = layout.zeros()
    np.add.at(vector, place, counts)
    np.add.at(vector, place + (section.sums.start - section.start), z * counts)
    vector[section.squares] = square @ counts
    vector[section.missing] = sketch.missing
    vector[section.nonfinite] = sketch.nonfinite
    return replace(column, cells=tuple(vector[section.start :].tolist()))


def _capped(counts: Counter[str]) -> Mapping[str, int]:
    """At most MAX_VALUES values, the most frequent, the further ones gathered."""
    gathered = counts.pop(OTHER, 0)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    gathered += sum(count for _, count in ranked[MAX_VALUES:])
    return dict(ranked[:MAX_VALUES]) | ({OTHER: gathered} if gathered else {})
