"""Intervals against scipy, published figures, and the plain way to compute them."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats as scipy_stats

from stats.outcome import TooFew
from stats.performance.auc import auc
from stats.performance.averages import average
from stats.performance.cells import OutcomeLayout
from stats.performance.confusion import f1
from stats.performance.estimate import Estimate
from stats.performance.interval import difference, normal_quantile, ratio, share
from stats.performance.metrics import performance
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, PRICES, binary, folded, multiclass, prices

Z = normal_quantile()


@pytest.mark.parametrize(("k", "n"), [(0, 30), (1, 30), (15, 40), (40, 40), (980, 1_000)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_a_share_has_scipys_wilson_interval(k: int, n: int, level: float) -> None:
    found = share(k, n, level=level)
    expected = scipy_stats.binomtest(k, n).proportion_ci(level, method="wilson")
    assert (found.low, found.high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high))


def test_counts_that_cannot_be_a_share_are_refused() -> None:
    with pytest.raises(ValueError, match="one and the same set"):
        share(5, 4)


def test_a_difference_of_shares_is_newcombes_published_example() -> None:
    """Newcombe 1998, table II, 56/70 less 48/80: method 10 gives 0.0524 to 0.3339."""
    found = difference(share(56, 70), share(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_a_ratio_of_shares_is_close_to_scipys_relative_risk_where_counts_are_large() -> None:
    found = ratio(share(300, 1_000), share(400, 1_200))
    expected = scipy_stats.contingency.relative_risk(300, 1_000, 400, 1_200)
    interval = expected.confidence_interval(0.95)
    assert found.value == pytest.approx(expected.relative_risk)
    assert (found.low, found.high) == (pytest.approx(interval.low, rel=0.005), pytest.approx(interval.high, rel=0.005))


def test_a_ratio_to_nothing_does_not_exist_and_of_nothing_is_bounded_above() -> None:
    assert ratio(share(10, 100), share(0, 100)) is None
    found = ratio(share(0, 100), share(50, 100))
    assert found.value == found.low == 0
    assert 0 < found.high < 0.2


def test_f1_has_the_delta_methods_interval_where_counts_are_large() -> None:
    confusion = np.array([[50_000, 700, 0], [400, 9_000, 0], [0, 0, 0]])
    found = f1(confusion, 1)
    jaccard, n = 9_000 / 10_100, 10_100
    error = 2 / (1 + jaccard) ** 2 * sqrt(jaccard * (1 - jaccard) / n)
    assert found.value == pytest.approx(2 * 9_000 / (2 * 9_000 + 1_100))
    assert (found.high - found.low) / 2 == pytest.approx(Z * error, rel=0.001)


def test_f1_of_a_perfect_class_is_not_certain() -> None:
    """The delta method's interval has no width here."""
    assert f1(np.diag([50, 50, 0]), 1).low == pytest.approx(0.963, abs=0.001)


FORMULAS = {
    "precision": lambda p: p.diagonal() / p.sum(0),
    "recall": lambda p: p.diagonal() / p.sum(1),
    "f1": lambda p: 2 * p.diagonal() / (p.sum(0) + p.sum(1)),
}


@pytest.mark.parametrize("over", ["macro", "weighted"])
@pytest.mark.parametrize("form", FORMULAS)
def test_averages_have_the_delta_method_of_a_numeric_gradient(form: str, over: str) -> None:
    confusion = np.array([[200, 30, 5, 0], [20, 90, 15, 0], [3, 12, 40, 0], [0, 0, 0, 0]])
    n, p = confusion.sum(), confusion[:3, :3] / confusion.sum()

    def value(shares: np.ndarray) -> float:
        shares = shares / shares.sum()
        return FORMULAS[form](shares) @ (shares.sum(1) if over == "weighted" else np.full(3, 1 / 3))

    step = 1e-6
    unit = np.eye(9).reshape(9, 3, 3)
    gradient = np.array([(value(p + step * e) - value(p - step * e)) / (2 * step) for e in unit]).reshape(3, 3)
    error = sqrt(((gradient**2 * p).sum() - (gradient * p).sum() ** 2) / n)
    found = average(confusion, form, over)
    assert found.value == pytest.approx(value(p))
    assert found.high - found.value == pytest.approx(Z * error, rel=1e-5)


def test_auc_has_delongs_variance_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.integers(30, 100, 80), rng.integers(0, 80, 120)
    order = np.sign(x[:, None] - y[None]) / 2 + 0.5
    error = sqrt(order.mean(1).var(ddof=1) / 80 + order.mean(0).var(ddof=1) / 120)
    found = auc(np.bincount(x, minlength=100), np.bincount(y, minlength=100))
    assert found.value == pytest.approx(order.mean())
    assert found.high - found.value == pytest.approx(Z * error + found.resolution)
    assert found.resolution == pytest.approx((order == 0.5).mean() / 2)


def test_a_separating_score_is_not_certain() -> None:
    """DeLong's interval has no width here."""
    apart = np.zeros((2, 100), np.int64)
    apart[0, 90], apart[1, 10] = 50, 500
    found = auc(*apart)
    assert found.value == found.high == 1
    assert found.low == pytest.approx(share(50, 50).low)


def test_means_have_the_normal_interval_of_the_raw_values() -> None:
    rng = np.random.default_rng(2)
    pairs = prices(rng, 800)
    e = pairs.predictions - pairs.labels
    figures = performance(PRICES, folded(PRICES, pairs)).figures
    for name, values in {"mae": np.abs(e), "bias": e, "mape": np.abs(e / pairs.labels)}.items():
        low, high = scipy_stats.norm.interval(0.95, values.mean(), values.std() / sqrt(800))
        assert (figures[name].low, figures[name].high) == (pytest.approx(low), pytest.approx(high)), name
    low, high = scipy_stats.norm.interval(0.95, (e**2).mean(), (e**2).std() / sqrt(800))
    assert (figures["rmse"].low, figures["rmse"].high) == (pytest.approx(sqrt(low)), pytest.approx(sqrt(high)))


@pytest.mark.parametrize(("center", "noise"), [(100, 1), (40, 3), (150, 6)])
def test_r2_has_the_standard_error_of_the_jackknife(center: float, noise: float) -> None:
    """Wherever the fixed center lies: labels drift away from that of the reference."""
    layout = OutcomeLayout("regression", center=center, scale=20)
    pairs = prices(np.random.default_rng(3), 600, noise=noise)
    y, e = pairs.labels, pairs.predictions - pairs.labels
    without = np.array([1 - (np.delete(e, i) ** 2).mean() / np.delete(y, i).var() for i in range(600)])
    error = sqrt(599 * without.var())
    found = performance(layout, folded(layout, pairs)).figures["r2"]
    assert (found.high - found.value) / Z == pytest.approx(error, rel=0.02)


@pytest.mark.parametrize(("layout", "draw"), [(BINARY, binary), (ANIMALS, multiclass), (PRICES, prices)])
def test_intervals_hold_the_truth_as_often_as_they_say(layout, draw) -> None:  # noqa: ANN001  a layout and its world
    """Of 95 % intervals at least 51 in 60 worlds (3.6 standard deviations below)."""
    rng = np.random.default_rng(4)
    truth = performance(layout, folded(layout, draw(rng, 100_000))).figures
    names = [name for name, figure in truth.items() if isinstance(figure, Estimate) and name != "calibration_error"]
    held = dict.fromkeys(names, 0)
    for _ in range(60):
        figures = performance(layout, folded(layout, draw(rng, 800))).figures
        for name in names:
            assert not isinstance(figures[name], TooFew)
            held[name] += figures[name].low <= truth[name].value <= figures[name].high
    assert min(held.values()) >= 51, held


def test_the_calibration_error_of_a_calibrated_model_is_not_told_from_none() -> None:
    figures = performance(BINARY, folded(BINARY, binary(np.random.default_rng(5), 2_000))).figures
    assert figures["calibration_error"].value > 0.03
    assert figures["calibration_error"].low < 0.005
