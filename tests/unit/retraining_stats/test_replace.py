"""Retrain or replace: each rule on both sides of its figures, and in its order."""

from math import sqrt

import pytest

from stats.outcome import TooFew
from stats.performance.estimate import Estimate
from stats.performance.interval import normal_quantile, share
from stats.retraining.replace import Advice, Retrain, advise

N = 10_000


def retrain(gain: int, right: int, differing: int = 400, n: int = N) -> Retrain:
    """`gain` rows gained less lost, of so many that differ."""
    return Retrain((differing + gain) // 2, (differing - gain) // 2, right, n)


def advice(gain: int, right: int, target: float = 0.9, before: int | None = None) -> Advice:
    """Three equal retrains; `before` is what the second last had right, where it differs."""
    second = retrain(gain, right if before is None else before)
    return advise([retrain(gain, right), second, retrain(gain, right)], target)


def test_the_gain_is_that_of_all_three_together_with_the_pages_standard_error() -> None:
    b, c, n = 90 + 80 + 70, 40 + 50 + 60, 3_000
    found = advise([Retrain(90, 40, 800, 1_000), Retrain(80, 50, 810, 1_000), Retrain(70, 60, 820, 1_000)], 0.9).gain
    error = sqrt(b + c - (b - c) ** 2 / n) / n
    assert isinstance(found, Estimate)
    assert found.value == (b - c) / n
    assert found.high - found.value == pytest.approx(normal_quantile() * error)
    assert found.n == n


def test_only_the_last_three_count() -> None:
    three = [retrain(100, 8_000), retrain(60, 8_000), retrain(20, 8_000)]
    assert advise([retrain(-300, 5_000), *three], 0.9) == advise(three, 0.9)


@pytest.mark.parametrize(("right", "verdict"), [(8_962, "keep"), (8_961, "retrain")])
def test_a_level_surely_within_a_point_of_the_target_is_kept(right: int, verdict: str) -> None:
    low = share(right, N).low
    assert (low >= 0.89) is (verdict == "keep")
    assert advice(100, right).verdict == verdict


@pytest.mark.parametrize(("gain", "verdict"), [(50, "retrain"), (48, "replace")])
def test_retraining_goes_on_while_it_brings_half_a_point(gain: int, verdict: str) -> None:
    found = advice(gain, 8_000)
    assert found.gain.low > 0
    assert found.verdict == verdict


def test_a_gain_that_may_be_none_is_no_reason_to_retrain() -> None:
    """Half a point of 3,000 rows that differ in many: LCB is below 0, UCB above a point."""
    found = advise([retrain(6, 800, 200, 1_000)] * 3, 0.9)
    assert found.gain.value >= 0.005
    assert found.gain.low < 0
    assert found.verdict == "collect more"


@pytest.mark.parametrize(("target", "verdict"), [(0.8078, "replace"), (0.8077, "collect more")])
def test_a_replacement_needs_a_level_that_surely_misses_the_target(target: float, verdict: str) -> None:
    """8,000 of 10,000: UCB is 80.77 %, and LCB 79.21 %, below either target by more than a point."""
    newest = share(8_000, N)
    assert newest.low < target - 0.01
    assert (newest.high < target) is (verdict == "replace")
    assert advice(0, 8_000, target=target).verdict == verdict


@pytest.mark.parametrize(("n", "verdict"), [(10_000, "replace"), (600, "collect more")])
def test_a_replacement_needs_a_gain_that_surely_is_below_a_point(n: int, verdict: str) -> None:
    found = advise([retrain(0, n // 2, n // 10, n)] * 3, 0.9)
    assert (found.gain.high < 0.01) is (verdict == "replace")
    assert found.verdict == verdict


@pytest.mark.parametrize(("before", "plan"), [(8_800, True), (8_990, False)])
def test_a_replacement_is_planned_where_the_last_two_retrains_missed_the_target(
    before: int,
    plan: bool,  # noqa: FBT001  a table
) -> None:
    found = advice(100, 8_800, before=before)
    assert (found.verdict, found.plan_replacement) == ("retrain", plan)
    assert ("plan a replacement" in found.sentence) is plan


def test_before_three_retrains_a_good_level_is_kept_and_else_more_is_collected() -> None:
    for retrains in ([retrain(100, 8_000)], [retrain(100, 8_000)] * 2):
        found = advise(retrains, 0.9)
        assert (found.verdict, found.gain) == ("collect more", TooFew(needed=3, have=len(retrains)))
    assert advise([retrain(0, 9_500)], 0.9).verdict == "keep"
    assert advise([], 0.9).level == TooFew(needed=30, have=0)


def test_few_labels_of_the_newest_version_are_no_level() -> None:
    found = advise([retrain(0, 5_000), retrain(0, 5_000), Retrain(1, 1, 10, 20)], 0.9)
    assert (found.verdict, found.level) == ("collect more", TooFew(needed=30, have=20))


def test_the_sentence_has_the_figures() -> None:
    assert advice(0, 8_000).sentence == (
        "Replace the model by another kind: it is right in 80.0% (79.2% to 80.8%) against a target of 90.0%, and the "
        "last 3 retrains brought +0.00 points each (-0.23 to +0.23)."
    )
    assert advise([], 0.9).sentence == (
        "Collect more labels and retrains before deciding: there are 0 labels of the newest version, 30 are needed, "
        "against a target of 90.0%, and there are 0 of the 3 retrains that are needed."
    )


def test_counts_and_targets_without_sense_are_refused() -> None:
    for counts in ((5, 0, 4, 10), (0, 5, 6, 10), (-1, 0, 5, 10)):
        with pytest.raises(ValueError, match="same rows"):
            Retrain(*counts)
    for target in (0.0, 1.1):
        with pytest.raises(ValueError, match="share of right answers"):
            advise([], target)
