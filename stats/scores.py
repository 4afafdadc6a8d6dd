"""All scores of all columns of a window at once: counts against counts, one row a column."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stats.chi2 import chi2, chi2_p
from stats.jeffreys import Floats, used_cells
from stats.jensen_shannon import jensen_shannon
from stats.kl import kl
from stats.ks import ks
from stats.layout import SUM_UNITS, Layout
from stats.linf import linf
from stats.moments import deviation, mean_shift, moments
from stats.padded import Padded
from stats.psi import psi, psi_adj
from stats.rates import rates
from stats.reference import ColumnReference, Kind
from stats.section import CodedSection, Section
from stats.wasserstein import wasserstein

Outcome = Literal["ok", "too_few"]

MIN_COUNT = 100


@dataclass(frozen=True, slots=True)
class ColumnScore:
    """One column's distance from the reference; the fields are those of a column in the `windows` contract.

    Every distance is None unless `outcome` is ok. KS, Wasserstein and the mean's shift are of finite numbers,
    and None also where there are too few of these. Mean (of at least one) and std (of at least two) are in
    the column's unit, and None where they are beyond the greatest float.
    """

    outcome: Outcome
    n: int
    psi: float | None
    psi_adj: float | None
    js: float | None
    kl: float | None
    linf: float | None
    chi2_p: float | None
    ks: float | None
    wasserstein: float | None
    mean_shift: float | None
    kind: Kind
    importance: float | None
    missing_rate: float
    unseen_rate: float
    out_of_range_rate: float
    nonfinite_rate: float
    mean: float | None
    std: float | None
    mode: str | None


_FIELDS = tuple(field.name for field in fields_of(ColumnScore))


def score(
    layout: Layout,
    reference_cells: NDArray[np.int64],
    cells: NDArray[np.int64],
    *,
    phi: Floats | float = 1.0,
    min_count: int = MIN_COUNT,
) -> tuple[ColumnScore, ...]:
    """Scores of vector `cells` against `reference_cells`, int64[size] each, aligned with `layout.columns`.

    φ ≥ 1 is the overdispersion of the current events, one for all or one a column. A column with fewer than
    `min_count` values on either side is too_few.
    """
    if not layout.columns:
        return ()
    shares = rates(layout.padded, cells)
    fields: dict[str, Iterable[object]] = {
        **_cell_distances(layout.padded, reference_cells, cells, phi, min_count),
        **_value_distances(layout, reference_cells, cells, min_count),
        **_moments(layout, cells),
        "n": shares.n.tolist(),
        "kind": [column.kind for column in layout.columns],
        "importance": [column.importance for column in layout.columns],
        "missing_rate": shares.missing.tolist(),
        "unseen_rate": shares.unseen.tolist(),
        "out_of_range_rate": shares.out_of_range.tolist(),
        "nonfinite_rate": shares.nonfinite.tolist(),
        "mode": [_mode(*pair, cells) for pair in zip(layout.columns, layout.sections, strict=True)],
    }
    rows: Iterable[tuple[Any, ...]] = zip(*(fields[name] for name in _FIELDS), strict=True)
    return tuple(ColumnScore(*row) for row in rows)


def compare(
    layout: Layout, before: NDArray[np.int64], now: NDArray[np.int64], *, min_count: int = MIN_COUNT
) -> tuple[ColumnScore, ...]:
    """Scores of one window against an earlier one, a week before, say; the noise of both sizes is counted.

    Both are vectors int64[size] of one layout. Wasserstein and the mean's shift are in standard deviations of
    `before`.
    """
    return score(layout, before, now, min_count=min_count)


def _cell_distances(
    padded: Padded,
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    phi: Floats | float,
    min_count: int,
) -> dict[str, Iterable[object]]:
    """Over all counts of a column: bins or categories, missing, non-finite, unseen."""
    r, c = (padded.with_zero(cells)[padded.counts] for cells in (reference, current))
    enough = (r.sum(-1) >= max(min_count, 1)) & (c.sum(-1) >= max(min_count, 1))
    r, c = _filled(r, enough), _filled(c, enough)
    m, n, used = r.sum(-1), c.sum(-1), used_cells(r, c)
    stability = psi(r, c)
    found = {
        "psi": stability,
        "psi_adj": psi_adj(stability, used, n, m, phi),
        "js": jensen_shannon(r, c),
        "kl": kl(r, c),
        "linf": linf(r, c),
        "chi2_p": chi2_p(*chi2(r, c), n, m, phi),
    }
    outcome = ["ok" if is_enough else "too_few" for is_enough in enough.tolist()]
    return {"outcome": outcome, **{name: _where(enough, score) for name, score in found.items()}}


def _value_distances(
    layout: Layout, reference: NDArray[np.int64], current: NDArray[np.int64], min_count: int
) -> dict[str, Iterable[object]]:
    """Over the finite values of numeric columns."""
    padded = layout.padded
    reference, current = padded.with_zero(reference), padded.with_zero(current)
    r, c = reference[padded.bins], current[padded.bins]
    enough = (r.sum(-1) >= max(min_count, 1)) & (c.sum(-1) >= max(min_count, 1))
    r, c = _filled(r, enough), _filled(c, enough)
    r_sums, c_sums = reference[padded.sums], current[padded.sums]
    was = moments(r.sum(-1), r_sums, reference[padded.squares])
    now = moments(c.sum(-1), c_sums, current[padded.squares])
    found = {
        "ks": ks(r, c),
        "wasserstein": wasserstein(r, c, r_sums, c_sums, layout.edges) / SUM_UNITS / deviation(was),
        "mean_shift": mean_shift(was, now)[0],
    }
    return {name: _where(enough, score) for name, score in found.items()}


def _moments(layout: Layout, cells: NDArray[np.int64]) -> dict[str, Iterable[object]]:
    """Mean and standard deviation in the columns' own units."""
    padded = layout.padded
    cells = padded.with_zero(cells)
    n = cells[padded.bins].sum(-1)
    now = moments(np.maximum(n, 1), cells[padded.sums], cells[padded.squares])
    center, scale = np.array([(column.center, column.scale) for column in layout.columns]).T
    with np.errstate(over="ignore"):
        mean, std = center + scale * now.mean, scale * np.sqrt(now.variance)
    return {
        "mean": _where((n >= 1) & np.isfinite(mean), mean),
        "std": _where((n >= 2) & np.isfinite(std), std),
    }


def _mode(column: ColumnReference, section: Section, cells: NDArray[np.int64]) -> str | None:
    """The most frequent category, the reference's more frequent one of equals; None where none occurred."""
    if not isinstance(section, CodedSection) or not cells[section.categories].any():
        return None
    return column.categories[int(cells[section.categories].argmax())]


def _filled(counts: NDArray[np.int64], enough: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Counts with ones in the rows that are not scored, so that every row can be computed."""
    return np.where(enough[:, np.newaxis], counts, 1)


def _where(enough: NDArray[np.bool_], figures: Floats) -> list[float | None]:
    return [figure if is_enough else None for figure, is_enough in zip(figures.tolist(), enough.tolist(), strict=True)]
