"""What fold refuses, and the small figures beside the columns."""

import numpy as np
import pytest

from stats import latency
from stats.baseline import build_column
from stats.fold import Columns, fold
from stats.latency import CELLS, HIGHEST_MS, LOWEST_MS, MISSING, REPRESENTATIVE_MS, cells_of, quantiles
from stats.layout import LATENCY_CELLS, SCORE_CELLS, STATUS, STATUS_CELLS, Layout, N
from stats.outcome import TooFew
from stats.reference import Reference

LAYOUT = Layout(
    Reference(
        (
            build_column("x", "feature", "numeric", np.arange(50.0)),
            build_column("c", "feature", "categorical", ["a", "b"]),
        )
    )
)


def columns(n: int, code: int = 0) -> Columns:
    nothing = np.full(n, np.nan)
    return Columns(np.zeros((1, n)), np.full((1, n), code, np.int32), np.zeros(n, np.int16), nothing, nothing)


@pytest.mark.parametrize("code", [-1, 5])
def test_a_code_beyond_the_columns_cells_is_refused_rather_than_counted_next_door(code: int) -> None:
    with pytest.raises(ValueError, match="code of 'c' is outside"):
        fold(LAYOUT, columns(3, code), np.zeros(3, np.int64), 1)


@pytest.mark.parametrize("group", [-1, 2])
def test_a_group_beyond_the_groups_is_refused(group: int) -> None:
    with pytest.raises(ValueError, match="group is outside"):
        fold(LAYOUT, columns(3), np.full(3, group), 2)


def test_an_event_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="event is outside"):
        fold(LAYOUT, columns(3), np.zeros(1, np.int64), 1, event=np.array([3]))


def test_groups_that_do_not_match_the_events_are_refused() -> None:
    with pytest.raises(ValueError, match="do not match"):
        fold(LAYOUT, columns(3), np.zeros(2, np.int64), 1)


def test_columns_of_another_layout_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        fold(Layout(None), columns(3), np.zeros(3, np.int64), 1)


def test_without_a_reference_the_fixed_section_is_counted_all_the_same() -> None:
    layout = Layout(None)
    two = Columns(
        values=np.empty((0, 2)),
        codes=np.empty((0, 2), np.int32),
        status=np.array([200, 503], np.int16),
        latency_ms=np.array([1.5, np.nan]),
        score=np.array([1, 0.0]),
    )
    (cells,) = fold(layout, two, np.zeros(2, np.int64), 1)
    assert cells.size == layout.size
    assert cells[N] == 2
    statuses = dict(zip(STATUS, cells[STATUS_CELLS].tolist(), strict=True))
    assert statuses == {"2xx": 1, "3xx": 0, "4xx": 0, "5xx": 1, "none": 0}
    assert cells[LATENCY_CELLS][MISSING] == 1
    assert cells[SCORE_CELLS].nonzero()[0].tolist() == [0, 99]


def test_no_events_and_no_groups_fold_to_nothing() -> None:
    assert not fold(LAYOUT, columns(0), np.zeros(0, np.int64), 2).any()
    assert fold(LAYOUT, columns(0), np.zeros(0, np.int64), 0).shape == (0, LAYOUT.size)


def test_more_events_than_fit_one_chunk_are_all_counted() -> None:
    n = 100_000
    assert fold(LAYOUT, columns(n), np.arange(n) % 3, 3)[:, N].tolist() == [33_334, 33_333, 33_333]


def test_latencies_beyond_the_buckets_count_at_their_ends() -> None:
    found = cells_of(np.array([0.0, -1.0, LOWEST_MS, np.inf, 1e300, HIGHEST_MS, np.nan]))
    assert found.tolist() == [0, 0, 1, MISSING - 1, MISSING - 1, MISSING - 1, MISSING]
    assert (REPRESENTATIVE_MS[0], REPRESENTATIVE_MS[-1], REPRESENTATIVE_MS.size) == (LOWEST_MS, HIGHEST_MS, MISSING)


def test_every_bucket_is_represented_within_one_percent() -> None:
    values = np.geomspace(0.01, 3_600_000, 100_001)
    assert (np.abs(REPRESENTATIVE_MS[cells_of(values)] / values - 1)).max() <= 0.01


def test_a_quantile_needs_one_value_expected_beyond_it() -> None:
    cells = np.bincount(cells_of(np.full(99, 20.0)), minlength=CELLS)
    p50, p95, p99 = quantiles(cells, (0.5, 0.95, 0.99))
    assert p50 == p95 == pytest.approx(20, rel=0.01)
    assert p99 == TooFew(needed=100, have=99)


def test_missing_latencies_move_no_quantile() -> None:
    cells = np.zeros(latency.CELLS, np.int64)
    cells[MISSING] = 1_000
    assert quantiles(cells, (0.5,)) == (TooFew(needed=2, have=0),)
