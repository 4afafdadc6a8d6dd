"""Which rows there are, and which counts they hold."""

import numpy as np

from stats.detector.watched import WatchedColumns
from stats.layout import Layout
from tests.unit.detector.worlds import cells_of, coded, layout_of, numeric

SCORE_EDGES = tuple(np.linspace(0.05, 0.95, 19))


def test_rows_are_the_columns_then_confidence_then_volume() -> None:
    layout = layout_of(
        numeric("distance", [5] * 24),
        coded("delayed", [90, 10], "prediction", "boolean"),
        numeric("score", [10] * 20, "score", SCORE_EDGES),
    )
    assert WatchedColumns(layout).names == (
        ("feature", "distance"),
        ("prediction", "delayed"),
        ("score", "score"),
        ("score", "confidence"),
        ("model", "volume"),
    )


def test_a_score_of_more_than_two_classes_is_itself_the_confidence() -> None:
    layout = layout_of(coded("class", [5, 4, 3], "prediction"), numeric("score", [10] * 20, "score", SCORE_EDGES))
    assert [name for _, name in WatchedColumns(layout).names] == ["class", "score", "volume"]


def test_without_a_reference_only_the_volume_is_watched() -> None:
    watched = WatchedColumns(Layout(None))
    assert watched.names == (("model", "volume"),)
    assert len(watched.counts(Layout(None).zeros())) == 0


def test_short_rows_are_filled_with_zero_cells_before_the_special_ones() -> None:
    layout = layout_of(
        numeric("x", [1, 2, 3, 4, 5, 6], edges=(0.0, 1.0, 2.0)),
        coded("c", [9, 7, 5, 0, 0, 0], width=3, rest=("r",)),
        coded("b", [8, 8], kind="boolean"),
    )
    watched = WatchedColumns(layout)
    counts = watched.counts(cells_of(layout, [[1, 2, 3, 4, 5, 6], [9, 7, 5, 3, 2, 1], [8, 9, 0, 0, 4]]))
    assert counts.tolist() == [[1, 2, 3, 4, 5, 6, 0], [9, 7, 5, 3, 1, 0, 2], [8, 9, 0, 0, 4, 0, 0]]
    assert watched.live.astype(int).tolist() == [
        [1, 1, 1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1, 0, 1],
        [1, 1, 0, 0, 1, 0, 0],
    ]
    assert watched.ordered.tolist() == [True, False, False]


def test_an_open_ended_column_knows_no_unseen_value() -> None:
    watched = WatchedColumns(layout_of(coded("c", [9, 7], open_ended=True)))
    assert watched.live.tolist() == [[True, True, True, True, False, False]]


def test_confidence_goes_from_scores_around_one_half_to_the_outermost() -> None:
    edges = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    layout = layout_of(numeric("score", [0, 10, 10, 10, 10, 10, 0], "score", edges))
    watched = WatchedColumns(layout)
    counts = watched.counts(cells_of(layout, [[1, 2, 4, 8, 16, 32, 64, 5, 6]]))
    groups = counts[1][: int(watched.live[1].sum()) - 2]
    assert groups[0] == 8, "the middle bin is the least confident"
    assert groups.sum() == 127
    assert set(np.cumsum(groups).tolist()) <= {8, 12, 28, 30, 62, 63, 127}, "bins are merged by their distance from 1/2"
    assert counts[1][-3:].tolist() == [5, 6, 0]


def test_groups_of_confidence_hold_about_equal_shares_of_the_reference() -> None:
    layout = layout_of(numeric("score", [0, *[100] * 40, 0], "score", tuple(np.linspace(0, 1, 41))))
    confidence = WatchedColumns(layout).reference[1]
    assert confidence[:10].tolist() == [400] * 10
