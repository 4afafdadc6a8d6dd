"""Every figure is that of stats/performance or scikit-learn, and its error that of another way to compute it."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sklearn import metrics as sklearn

from stats.performance.averages import average
from stats.performance.estimate import Estimate
from stats.performance.interval import normal_quantile
from stats.performance.layout import OutcomeLayout
from stats.performance.metrics import performance
from stats.retraining.delong import area, paired_auc
from stats.retraining.paired import Answers, Comparison, compare, metrics
from stats.retraining.paired_mean import paired_mean
from stats.retraining.paired_ratio import of_classes
from tests.unit.retraining_stats.models import ANIMALS, BINARY, LAYOUTS, PRICES, folded, holdout

FEWER_IS_BETTER = {"log_loss", "brier", "mae", "mse", "rmse", "mape"}


def gain_of(found: Comparison) -> Estimate:
    assert isinstance(found.difference, Estimate)
    return found.difference


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.task)
def test_both_models_figures_are_those_of_a_window_of_the_same_rows(layout: OutcomeLayout) -> None:
    rows = holdout(layout, 2_000)
    known = [performance(layout, folded(layout, rows.label, model)) for model in (rows.production, rows.candidate)]
    for metric in metrics(layout.task):
        found = compare(metric, *rows.rows, layout=layout)
        if metric == "mse":
            expected = [sklearn.mean_squared_error(rows.label, m.prediction) for m in (rows.production, rows.candidate)]
        elif metric in known[0].figures:
            expected = [of.figures[metric].value for of in known]
        else:  # of three classes: of the last one
            expected = [of.by_class["eel"][metric].value for of in known]
        tolerance = 2e-3 if metric == "auc" else 1e-6  # a window's AUC is of bins
        assert [found.production, found.candidate] == pytest.approx(expected, abs=tolerance)
        sign = -1 if metric in FEWER_IS_BETTER else 1
        assert gain_of(found).value == pytest.approx(sign * (found.candidate - found.production))


@pytest.mark.parametrize("of", ANIMALS.classes)
@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_a_figure_of_a_class_is_sklearns(metric: str, of: str) -> None:
    rows = holdout(ANIMALS, 500)
    score = getattr(sklearn, f"{metric}_score")
    expected = score(rows.label, rows.candidate.prediction, labels=[ANIMALS.classes.index(of)], average=None)[0]
    found = compare(metric, *rows.rows, layout=ANIMALS, of=of)
    assert (found.metric, found.candidate) == (f"{metric}:{of}", pytest.approx(expected))


def test_paired_means_are_scipys_paired_t_test() -> None:
    rng = np.random.default_rng(3)
    was, now = rng.gamma(2, 1, 80), rng.gamma(2, 0.8, 80)
    found = paired_mean(was, now)
    assert not isinstance(found, Estimate)
    gain = found[2]
    expected = scipy_stats.ttest_rel(was, now, alternative="greater")
    interval = scipy_stats.ttest_rel(was, now).confidence_interval(0.9)
    assert gain.p_value == pytest.approx(expected.pvalue)
    assert (gain.estimate.low, gain.estimate.high) == (pytest.approx(interval.low), pytest.approx(interval.high))


def test_losses_that_all_fall_by_the_same_leave_no_doubt_and_equal_ones_no_gain() -> None:
    losses = np.linspace(1, 2, 30)
    by_half, by_nothing = paired_mean(losses, losses - 0.5)[2], paired_mean(losses, losses)[2]
    assert by_half.estimate.low == pytest.approx(0.5)
    assert by_half.p_value < 1e-6
    assert (by_nothing.estimate.low, by_nothing.estimate.high, by_nothing.p_value) == (0, 0, 1)


def components(positive: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's placement values by comparing every pair."""
    above = (score[positive][:, None] > score[~positive]) + 0.5 * (score[positive][:, None] == score[~positive])
    return above.mean(1), above.mean(0)


@pytest.mark.parametrize("decimals", [1, 9], ids=["ties", "no ties"])
def test_aucs_have_delongs_covariance_of_every_pair(decimals: int) -> None:
    rng = np.random.default_rng(5)
    positive = rng.random(120) < 0.4
    was, now = (np.round(positive + s * rng.standard_normal(120), decimals) for s in (1.5, 1.0))
    (was10, was01), (now10, now01) = components(positive, was), components(positive, now)
    p, q = int(positive.sum()), int((~positive).sum())
    covariance = np.cov(was10, now10) / p + np.cov(was01, now01) / q
    error = sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    found = paired_auc(positive[:, None], was[:, None], now[:, None])
    assert found[:2] == pytest.approx((was10.mean(), now10.mean()))
    assert found[1] == pytest.approx(sklearn.roc_auc_score(positive, now))
    half = scipy_stats.t.ppf(0.95, min(p, q) - 1) * error
    assert found[2].estimate.high - found[2].estimate.value == pytest.approx(half)
    assert (area(positive, was)[1] ** 2).sum() == pytest.approx(covariance[0, 0])


def test_aucs_of_models_that_both_rank_perfectly_are_not_known_to_be_equal() -> None:
    positive, score = np.arange(80) < 40, -np.arange(80.0)
    gain = paired_auc(positive[:, None], score[:, None], 2 * score[:, None])[2]
    assert -0.08 < gain.estimate.low < -0.05
    assert gain.p_value == pytest.approx(0.5)


@pytest.mark.parametrize("over", ["macro", "weighted"])
@pytest.mark.parametrize("form", ["precision", "recall", "f1"])
def test_influences_have_the_spread_of_the_delta_method_over_the_confusion_matrix(form: str, over: str) -> None:
    rows = holdout(ANIMALS, 900)
    label, prediction = rows.label.copy(), rows.candidate.prediction
    label[:20] = 3  # OTHER
    value, influence = of_classes(label, prediction, 3, form, over)
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (label, prediction), 1)
    expected = average(confusion, form, over)
    assert value == pytest.approx(expected.value)
    assert influence.mean() == pytest.approx(0, abs=1e-12)
    half = normal_quantile() * influence.std() / sqrt(len(label))
    assert half == pytest.approx(expected.high - expected.value)


@pytest.mark.parametrize(
    ("layout", "metric"),
    [(BINARY, "precision"), (BINARY, "f1"), (ANIMALS, "f1_macro"), (ANIMALS, "auc"), (PRICES, "rmse")],
    ids=lambda of: getattr(of, "task", of),
)
def test_errors_of_differences_are_those_of_the_bootstrap(layout: OutcomeLayout, metric: str) -> None:
    rows, rng = holdout(layout, 600, 1), np.random.default_rng(2)

    def again() -> float:
        at = rng.integers(0, 600, 600)
        models = (
            Answers(m.prediction[at], None if m.probabilities is None else m.probabilities[at])
            for m in (rows.production, rows.candidate)
        )
        return gain_of(compare(metric, rows.label[at], *models, layout=layout)).value

    gain = gain_of(compare(metric, *rows.rows, layout=layout))
    error = (gain.high - gain.low) / 2 / normal_quantile(0.9)
    assert np.std([again() for _ in range(300)]) == pytest.approx(error, rel=0.15)


def test_pairing_knows_more_than_two_separate_intervals() -> None:
    rows = holdout(BINARY, 1_000, candidate=1.0)
    noisy = Answers(np.where(np.arange(1_000) % 50, rows.production.prediction, 0))
    gain = gain_of(compare("accuracy", rows.label, rows.production, noisy, layout=BINARY))
    alone = performance(BINARY, folded(BINARY, rows.label, rows.production)).figures["accuracy"]
    assert gain.high - gain.low < (alone.high - alone.low) / 3


def test_interval_and_p_value_agree_on_who_is_better_but_for_shares_of_few_rows() -> None:
    for seed in range(8):
        rows = holdout(BINARY, 300, seed)
        for metric in set(metrics("binary")) - {"accuracy", "recall"}:
            found = compare(metric, *rows.rows, layout=BINARY)
            assert found.better == (gain_of(found).low > 0) == (found.p_value < found.alpha)
