"""Groups of a protected attribute compared, by the definitions on raw labels."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from stats.outcome import TooFew
from stats.performance.estimate import Undefined
from stats.performance.fairness import fairness
from stats.performance.interval import difference, share
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, Pairs, folded, multiclass


def group(rng: np.random.Generator, n: int, selected: tuple[float, float]) -> Pairs:
    """`selected`: rate of the predicted positive among those labelled no, and yes."""
    labels = (rng.random(n) < 0.4).astype(np.int64)
    predictions = (rng.random(n) < np.array(selected)[labels]).astype(np.int64)
    return Pairs(predictions, np.full((n, 1), np.nan), labels)


def test_rates_and_disparities_are_those_of_the_raw_labels() -> None:
    rng = np.random.default_rng(1)
    raw = {"a": group(rng, 3_000, (0.2, 0.8)), "b": group(rng, 1_000, (0.1, 0.6)), "c": group(rng, 900, (0.3, 0.8))}
    found = fairness(BINARY, {name: folded(BINARY, pairs) for name, pairs in raw.items()})
    assert (found.favourable, found.against, set(found.disparity)) == ("yes", "a", {"b", "c"})
    selection = {name: pairs.predictions.mean() for name, pairs in raw.items()}
    tpr = {name: recall_score(pairs.labels, pairs.predictions) for name, pairs in raw.items()}
    fpr = {name: pairs.predictions[pairs.labels == 0].mean() for name, pairs in raw.items()}
    for name, rates in found.rates.items():
        assert rates.selection_rate.value == pytest.approx(selection[name])
        assert rates.true_positive_rate.value == pytest.approx(tpr[name])
        assert rates.false_positive_rate.value == pytest.approx(fpr[name])
    for name, disparity in found.disparity.items():
        assert disparity.parity_difference.value == pytest.approx(selection[name] - selection["a"])
        assert disparity.impact_ratio.value == pytest.approx(selection[name] / selection["a"])
        expected = max(abs(tpr[name] - tpr["a"]), abs(fpr[name] - fpr["a"]))
        assert disparity.odds_difference.value == pytest.approx(expected)
        for figure in (disparity.parity_difference, disparity.impact_ratio, disparity.odds_difference):
            assert figure.low < figure.value < figure.high
    assert found.disparity["b"].impact_ratio.high < 0.8
    assert found.disparity["b"].odds_difference.low > 0.1


def test_the_same_treatment_is_within_the_intervals() -> None:
    rng = np.random.default_rng(2)
    held = np.zeros(3)
    for _ in range(60):
        cells = {name: folded(BINARY, group(rng, n, (0.2, 0.7))) for name, n in (("a", 600), ("b", 400))}
        disparity = fairness(BINARY, cells).disparity["b"]
        held += [
            disparity.parity_difference.low <= 0 <= disparity.parity_difference.high,
            disparity.impact_ratio.low <= 1 <= disparity.impact_ratio.high,
            disparity.odds_difference.low == 0,
        ]
    assert held[:2].min() >= 51  # of 60 at 95 %: 3.6 standard deviations below
    assert held[2] >= 48  # two differences at once, each at 95 %


def test_the_group_and_the_class_of_comparison_can_be_chosen() -> None:
    rng = np.random.default_rng(3)
    raw = {"a": multiclass(rng, 500), "b": multiclass(rng, 900)}
    cells = {name: folded(ANIMALS, pairs) for name, pairs in raw.items()}
    found = fairness(ANIMALS, cells, favourable="dog", against="a")
    rates = [share(int((raw[name].predictions == 1).sum()), len(raw[name].labels)) for name in ("b", "a")]
    assert found.disparity["b"].parity_difference == difference(*rates)


def test_a_small_group_is_too_few_and_names_the_smaller_side() -> None:
    rng = np.random.default_rng(4)
    cells = {"a": folded(BINARY, group(rng, 900, (0.2, 0.7))), "b": folded(BINARY, group(rng, 99, (0.2, 0.7)))}
    found = fairness(BINARY, cells)
    assert found.rates["b"].selection_rate == TooFew(needed=100, have=99)
    assert found.disparity["b"].parity_difference == TooFew(needed=100, have=99)
    assert found.disparity["b"].odds_difference.have < 99
    assert fairness(BINARY, cells, min_count=20).disparity["b"].impact_ratio.n == 99


def test_a_ratio_to_a_group_of_which_nobody_was_selected_is_undefined() -> None:
    rng = np.random.default_rng(5)
    cells = {"a": folded(BINARY, group(rng, 900, (0, 0))), "b": folded(BINARY, group(rng, 500, (0.2, 0.7)))}
    found = fairness(BINARY, cells).disparity["b"]
    assert isinstance(found.impact_ratio, Undefined)
    assert found.parity_difference.low > 0.3


def test_names_that_are_not_there_are_refused() -> None:
    cells = {"a": BINARY.zeros()}
    for change in ({"favourable": "maybe"}, {"against": "b"}):
        with pytest.raises(ValueError, match="must be one of"):
            fairness(BINARY, cells, **change)
    with pytest.raises(ValueError, match="must be one of"):
        fairness(BINARY, {})
