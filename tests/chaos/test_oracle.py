"""The oracle sees what it is there to see."""

from tests.chaos.oracle import Line, judge

RAW = {0: [(0, 5), (1, 7), (3, 1)]}  # offset 2 is a transaction marker


def test_lines_that_tile_are_exact() -> None:
    verdict = judge(RAW, [Line(0, 0, 2, 2, 12), Line(0, 2, 4, 1, 1)])
    assert verdict.exact
    assert (verdict.events, verdict.counted) == (3, 3)


def test_a_word_for_word_repeat_is_dropped_and_counted() -> None:
    verdict = judge(RAW, [Line(0, 0, 4, 3, 13), Line(0, 0, 4, 3, 13)])
    assert verdict.exact
    assert verdict.repeats == 1


def test_a_missing_range_is_a_gap() -> None:
    assert judge(RAW, [Line(0, 0, 1, 1, 5), Line(0, 3, 4, 1, 1)]).gaps == [(0, 1, 3)]


def test_a_missing_end_is_a_gap() -> None:
    assert judge(RAW, [Line(0, 0, 2, 2, 12)]).gaps == [(0, 2, 4)]


def test_a_torn_transaction_is_an_overlap() -> None:
    torn = Line(0, 1, 4, 2, 8)
    verdict = judge(RAW, [Line(0, 0, 2, 2, 12), torn])
    assert verdict.overlaps == [torn]
    assert not verdict.exact


def test_a_wrong_sum_is_wrong() -> None:
    assert judge(RAW, [Line(0, 0, 4, 3, 14)]).wrong == [Line(0, 0, 4, 3, 14)]
