"""Every figure against scikit-learn on the raw predictions and labels."""

import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

from stats.performance.calibration_map import calibration_map
from stats.performance.estimate import Estimate
from stats.performance.exact_sum import UNITS
from stats.performance.metrics import performance
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, PRICES, binary, folded, multiclass, prices

SEEDS = range(3)


def agree(figures, expected: dict[str, float], tolerance: float = 1e-9) -> None:  # noqa: ANN001  a mapping of figures
    for name, value in expected.items():
        found = figures[name]
        assert isinstance(found, Estimate), f"{name}: {found}"
        assert found.value == pytest.approx(value, abs=found.resolution + tolerance), name
        assert found.low <= found.value <= found.high, name


@pytest.mark.parametrize("seed", SEEDS)
def test_two_classes(seed: int) -> None:
    pairs = binary(np.random.default_rng(seed), 5_000, flip=0.1)
    y, predicted, score = pairs.labels, pairs.predictions, pairs.probabilities[:, 0]
    figures = performance(BINARY, folded(BINARY, pairs)).figures
    agree(
        figures,
        {
            "accuracy": sklearn.accuracy_score(y, predicted),
            "precision": sklearn.precision_score(y, predicted),
            "recall": sklearn.recall_score(y, predicted),
            "f1": sklearn.f1_score(y, predicted),
            "f1_macro": sklearn.f1_score(y, predicted, average="macro"),
            "log_loss": sklearn.log_loss(y, score),
            "brier": sklearn.brier_score_loss(y, score),
            "auc": sklearn.roc_auc_score(y, score),
        },
    )
    assert figures["auc"].resolution < 0.005
    assert figures["auc"].value == pytest.approx(sklearn.roc_auc_score(y, score), abs=0.0005)


@pytest.mark.parametrize("seed", SEEDS)
def test_many_classes(seed: int) -> None:
    pairs = multiclass(np.random.default_rng(seed), 5_000, mix=0.2)
    y, predicted, score = pairs.labels, pairs.predictions, pairs.probabilities
    found = performance(ANIMALS, folded(ANIMALS, pairs))
    of = {
        "precision": sklearn.precision_score,
        "recall": sklearn.recall_score,
        "f1": sklearn.f1_score,
    }
    averages = {
        f"{form}_{average}": score_of(y, predicted, average=average)
        for form, score_of in of.items()
        for average in ("macro", "weighted")
    }
    agree(
        found.figures,
        {
            "accuracy": sklearn.accuracy_score(y, predicted),
            "log_loss": sklearn.log_loss(y, score),
            "brier": sklearn.brier_score_loss(y, score),
            "auc": sklearn.roc_auc_score(y, score, multi_class="ovr"),
            **averages,
        },
    )
    for k, name in enumerate(ANIMALS.classes):
        expected = {form: score_of(y, predicted, average=None)[k] for form, score_of in of.items()}
        agree(found.by_class[name], expected | {"auc": sklearn.roc_auc_score(y == k, score[:, k])})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_regression(seed: int) -> None:
    pairs = prices(np.random.default_rng(seed), 5_000)
    y, predicted = pairs.labels, pairs.predictions
    agree(
        performance(PRICES, folded(PRICES, pairs)).figures,
        {
            "mae": sklearn.mean_absolute_error(y, predicted),
            "rmse": sklearn.root_mean_squared_error(y, predicted),
            "mape": sklearn.mean_absolute_percentage_error(y, predicted),
            "r2": sklearn.r2_score(y, predicted),
            "bias": (predicted - y).mean(),
        },
        tolerance=1e-7,
    )


def test_calibration_error_is_that_of_sklearns_reliability_diagram() -> None:
    pairs = binary(np.random.default_rng(5), 20_000, flip=0.2)
    score = pairs.probabilities[:, 0]
    happened, probability = calibration_curve(pairs.labels, score, n_bins=100)
    weight = np.histogram(score, np.linspace(0, 1, 101))[0]
    expected = (np.abs(happened - probability) * weight[weight > 0]).sum() / len(score)
    figures = performance(BINARY, folded(BINARY, pairs)).figures
    assert figures["calibration_error"].value == pytest.approx(expected, abs=1e-8)


def test_calibration_error_of_many_classes_is_that_of_the_predicted_one() -> None:
    pairs = multiclass(np.random.default_rng(6), 10_000, mix=0.3)
    confidence, right = pairs.probabilities.max(1), pairs.predictions == pairs.labels
    happened, probability = calibration_curve(right, confidence, n_bins=100)
    weight = np.histogram(confidence, np.linspace(0, 1, 101))[0]
    expected = (np.abs(happened - probability) * weight[weight > 0]).sum() / len(right)
    figures = performance(ANIMALS, folded(ANIMALS, pairs)).figures
    assert figures["calibration_error"].value == pytest.approx(expected, abs=1e-8)


def test_the_calibration_map_is_sklearns_isotonic_regression_of_the_bins() -> None:
    pairs = binary(np.random.default_rng(7), 6_000, flip=0.15)
    cells = folded(BINARY, pairs)
    by_label = BINARY.part(cells, "bins")[0].sum(0)
    scores = BINARY.part(cells, "probability")[0].sum(0) / UNITS
    n, middle = by_label.sum(0), (np.arange(100) + 0.5) / 100
    raw = (by_label[1] + np.divide(scores, n, out=middle.copy(), where=n > 0)) / (n + 1)
    expected = IsotonicRegression().fit(middle, raw, sample_weight=n + 1e-3).predict(middle)
    found = calibration_map(by_label[1], n, scores)
    assert found.rate == pytest.approx(expected, abs=1e-6)
    assert len(np.unique(found.block)) < 100
    for block in np.unique(found.block):
        of_block = found.block == block
        assert found.rows[of_block] == pytest.approx(n[of_block].sum() + 1)
