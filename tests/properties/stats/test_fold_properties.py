"""Counts are sums over events, exact in any split, order and grouping, and they are what numpy counts."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stats import latency
from stats.baseline import build_column
from stats.fold import Columns, fold
from stats.layout import LATENCY_CELLS, SCORE_CELLS, STATUS_CELLS, Layout, N, fixed_point
from stats.reference import ColumnReference, Reference
from stats.section import NumericSection

rng = np.random.default_rng(20)
LAYOUT = Layout(
    Reference(
        (
            build_column("a", "feature", "numeric", rng.normal(size=2_000)),
            build_column("b", "feature", "categorical", rng.choice(list("xyz"), 500).tolist()),
            build_column("c", "feature", "numeric", rng.integers(0, 5, 500)),
            build_column("d", "feature", "boolean", [True, False, None] * 10),
            build_column("p", "prediction", "numeric", rng.lognormal(size=2_000)),
        )
    )
)
ODD_VALUES = (0.0, -0.0, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf)
value = st.sampled_from((*LAYOUT.columns[0].edges, *LAYOUT.columns[2].edges, *ODD_VALUES)) | st.floats()
event = st.tuples(
    *[value] * 3,
    *[st.integers(0, LAYOUT.columns[i].missing) for i in LAYOUT.coded],
    st.sampled_from([0, 100, 200, 204, 301, 404, 429, 500, 503, 599]),
    st.floats(0, 1e7) | st.just(np.nan),
    st.floats(0, 1) | st.just(np.nan),
)
events = st.lists(event, max_size=60)


def columns_of(rows: list[tuple[float, ...]]) -> Columns:
    table = np.array(rows, np.float64).reshape(-1, 8).T
    return Columns(table[:3], table[3:5].astype(np.int32), table[5].astype(np.int16), table[6], table[7])


def folded(rows: list[tuple[float, ...]]) -> NDArray[np.int64]:
    return fold(LAYOUT, columns_of(rows), np.zeros(len(rows), np.int64), 1)[0]


@given(events, events, events)
def test_the_fold_of_any_split_adds_up_to_the_fold_of_the_whole(a: list, b: list, c: list) -> None:  # type: ignore[type-arg]  rows of events
    whole = folded(a + b + c)
    assert np.array_equal(whole, folded(a) + folded(b) + folded(c))
    assert np.array_equal(whole, folded(c + a + b))
    assert np.array_equal(whole - folded(b), folded(a + c))


@given(events, st.data())
def test_groups_hold_what_folding_each_alone_holds(rows: list, data: st.DataObject) -> None:  # type: ignore[type-arg]  rows of events
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    together = fold(LAYOUT, columns_of(rows), np.array(groups, np.int64), 4)
    for group in range(4):
        alone = folded([row for row, its_group in zip(rows, groups, strict=True) if its_group == group])
        assert np.array_equal(together[group], alone)


@given(st.lists(event, min_size=1, max_size=30), st.data())
def test_overlapping_groups_hold_each_members_share(rows: list, data: st.DataObject) -> None:  # type: ignore[type-arg]  rows of events
    pairs = data.draw(st.lists(st.tuples(st.integers(0, len(rows) - 1), st.integers(0, 2)), max_size=80))
    member, group = np.array(pairs, np.int64).reshape(-1, 2).T
    together = fold(LAYOUT, columns_of(rows), group, 3, event=member)
    for number in range(3):
        alone = folded([rows[i] for i, its_group in pairs if its_group == number])
        assert np.array_equal(together[number], alone)


@settings(max_examples=50)
@given(st.lists(event, min_size=1, max_size=60))
def test_the_fold_is_what_numpy_counts_on_raw_columns(rows: list) -> None:  # type: ignore[type-arg]  rows of events
    columns, cells = columns_of(rows), folded(rows)
    assert cells[N] == len(rows)
    for row, i in enumerate(LAYOUT.numeric):
        section, column, values = LAYOUT.sections[i], LAYOUT.columns[i], columns.values[row]
        finite = values[np.isfinite(values)]
        inner = np.bincount(np.searchsorted(column.edges, finite), minlength=section.width)
        assert np.array_equal(cells[section.bins], inner)
        assert cells[section.missing] == np.isnan(values).sum()
        assert cells[section.nonfinite] == np.isinf(values).sum()
        with np.errstate(over="ignore"):
            z = np.clip((finite - column.center) * (1 / column.scale), -1024, 1024)
        assert cells[section.sums].sum() == np.rint(z * 2**20).sum()
        assert cells[section.squares] == sum(int(square) for square in np.rint(z * z * 2**16))
    for row, i in enumerate(LAYOUT.coded):
        section = LAYOUT.sections[i]
        assert np.array_equal(cells[section.counts], np.bincount(columns.codes[row], minlength=section.width + 3))


finite = st.floats(allow_nan=False, allow_infinity=False)
crowding = st.builds(lambda x, ulps: x + ulps * math.ulp(x), st.floats(-1e300, 1e300), st.integers(-3, 3))


@given(
    st.lists(finite | crowding | st.integers(-9, 9).map(float), max_size=30),
    finite,
    st.floats(1e-300, 1e300),
    st.lists(st.floats(), max_size=60),
    st.data(),
)
def test_the_compiled_fold_of_any_column_is_the_numpy_one(
    edges: list[float], center: float, scale: float, values: list[float], data: st.DataObject
) -> None:
    """`Grid.bins_of` and `fixed_point`, which look at whole columns, are the measure of the compiled loop."""
    rising = np.unique(np.array(edges, np.float64))
    column = ColumnReference("x", "feature", "numeric", tuple(rising.tolist()), center=center, scale=scale)
    layout = Layout(Reference((column,)))
    with np.errstate(over="ignore"):
        x = np.concatenate((np.array(values, np.float64), rising, np.nextafter(rising, np.inf), -rising))
    member = np.array(data.draw(st.lists(st.integers(0, x.size - 1), max_size=80) if x.size else st.just([])), np.int64)
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=member.size, max_size=member.size)), np.int64)
    none = np.full(x.size, np.nan)
    columns = Columns(x[np.newaxis], np.empty((0, x.size), np.int32), np.zeros(x.size, np.int16), none, none)

    section = layout.sections[0]
    assert isinstance(section, NumericSection)
    expected = np.zeros((3, layout.size), np.int64)
    bins = layout.grids[0].bins_of(x)[member]
    z, square = (part[member] for part in fixed_point(x, center, scale))
    has = bins < section.width
    np.add.at(expected, (group, section.start + bins), 1)
    np.add.at(expected, (group[has], section.sums.start + bins[has]), z[has])
    np.add.at(expected, (group, section.squares), square)
    assert np.array_equal(
        fold(layout, columns, group, 3, event=member)[:, section.start :], expected[:, section.start :]
    )


@given(st.lists(event, max_size=60))
def test_fixed_cells_count_statuses_latencies_and_scores(rows: list) -> None:  # type: ignore[type-arg]  rows of events
    columns, cells = columns_of(rows), folded(rows)
    hundreds = columns.status // 100
    expected = [(hundreds == h).sum() for h in (2, 3, 4, 5)]
    assert cells[STATUS_CELLS].tolist() == [*expected, len(rows) - sum(expected)]
    assert cells[LATENCY_CELLS].sum() == cells[SCORE_CELLS].sum() == len(rows)
    assert cells[LATENCY_CELLS][latency.MISSING] == np.isnan(columns.latency_ms).sum()
    scores = columns.score[~np.isnan(columns.score)]
    hundredths = np.minimum(scores * 100, 99).astype(int)
    assert np.array_equal(cells[SCORE_CELLS][:100], np.bincount(hundredths, minlength=100))


@given(st.lists(st.floats(0.01, 3.6e6), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_latency_quantiles_are_within_one_percent_or_too_few(values: list[float], level: float) -> None:
    cells = np.bincount(latency.cells_of(np.array(values)), minlength=latency.CELLS)
    (found,) = latency.quantiles(cells, (level,))
    if len(values) < round(1 / (1 - level)):
        assert found == latency.TooFew(needed=round(1 / (1 - level)), have=len(values))
    else:
        expected = np.quantile(values, level, method="inverted_cdf")
        assert abs(found - expected) <= 0.01 * expected
