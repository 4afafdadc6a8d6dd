"""What is expected before labels is what then comes, as long as P(y | score) holds, and not when it does not."""

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.calibration_map import Calibration, calibration_maps
from stats.performance.cbpe import cbpe
from stats.performance.cells import fold_predictions
from stats.performance.dle import dle, error_map
from stats.performance.estimate import Estimate
from stats.performance.metrics import performance
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, PRICES, Pairs, binary, folded, multiclass, prices

FORMS = ("accuracy", "precision", "recall", "f1", "auc")


def test_expected_counts_are_the_sums_of_the_definition() -> None:
    """TP = Σ h₁c, FP = Σ h₁(1 − c), FN = Σ h₀c, TN = Σ h₀(1 − c), and AUC over all pairs of bins."""
    rng = np.random.default_rng(1)
    c = np.sort(rng.random(100))
    h = rng.integers(0, 50, (2, 100))
    cells = BINARY.zeros()
    start, stop = BINARY.places["made_bins"]
    cells[start:stop] = h.ravel()
    found = cbpe(BINARY, (Calibration(c, np.full(100, 1e9), np.arange(100)),), cells)
    tp, fp, fn, tn = (h[1] * c).sum(), (h[1] * (1 - c)).sum(), (h[0] * c).sum(), (h[0] * (1 - c)).sum()
    p, q = h.sum(0) * c, h.sum(0) * (1 - c)
    pairs = np.sign(np.arange(100)[:, None] - np.arange(100)) / 2 + 0.5
    expected = {
        "accuracy": (tp + tn) / h.sum(),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "auc": p @ pairs @ q / (p.sum() * q.sum()),
    }
    assert {name: figure.value for name, figure in found.items()} == pytest.approx(expected)


def test_the_band_is_three_standard_deviations_of_drawn_labels() -> None:
    rng = np.random.default_rng(2)
    c = np.linspace(0.02, 0.98, 100)
    exact = (Calibration(c, np.full(100, 1e12), np.arange(100)),)
    score = rng.random(3_000)
    predictions, at = (score > 0.6).astype(np.int64), (score * 100).astype(int)
    drawn = [
        performance(
            BINARY, folded(BINARY, Pairs(predictions, score[:, np.newaxis], (rng.random(3_000) < c[at]).astype(int)))
        ).figures
        for _ in range(100)
    ]
    group = np.zeros(3_000, np.int64)
    cells = fold_predictions(BINARY, predictions, score[:, np.newaxis], group=group, groups=1)[0]
    for name, figure in cbpe(BINARY, exact, cells).items():
        values = np.array([figures[name].value for figures in drawn])
        assert values.mean() == pytest.approx(figure.value, abs=4 * values.std() / np.sqrt(100)), name
        assert (figure.high - figure.value - figure.resolution) / 3 == pytest.approx(values.std(), rel=0.25), name


def test_the_band_has_the_error_of_a_map_from_a_finite_reference() -> None:
    """With 100,000 predictions labels hardly vary: estimates from 5,000 reference rows do."""
    rng = np.random.default_rng(3)
    now = folded(BINARY, binary(rng, 100_000), made=True)
    found = [cbpe(BINARY, calibration_maps(BINARY, folded(BINARY, binary(rng, 5_000))), now) for _ in range(60)]
    for name in FORMS:
        spread = np.std([figures[name].value for figures in found])
        said = np.mean([(f[name].high - f[name].low) / 6 - f[name].resolution / 3 for f in found])
        assert 0.75 < said / spread < 1.4, name


def test_the_band_of_a_regression_has_the_error_of_its_map() -> None:
    rng = np.random.default_rng(4)
    now = PRICES.part(folded(PRICES, prices(rng, 100_000), made=True), "made_bins")
    found = [dle(PRICES, error_map(PRICES, folded(PRICES, prices(rng, 5_000))), now) for _ in range(60)]
    for name in ("mae", "rmse"):
        spread = np.std([figures[name].value for figures in found])
        said = np.mean([(figures[name].high - figures[name].low) / 6 for figures in found])
        assert 0.75 < said / spread < 1.4, name


@pytest.mark.parametrize("seed", range(4))
def test_two_classes_with_other_inputs_are_as_expected(seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps = calibration_maps(BINARY, folded(BINARY, binary(rng, 20_000, flip=0.15)))
    now = folded(BINARY, binary(rng, 5_000, shift=0.8, flip=0.15), made=True)
    truth, found = performance(BINARY, now).figures, cbpe(BINARY, maps, now)
    assert set(found) == set(FORMS)
    for name, figure in found.items():
        assert figure.low <= truth[name].value <= figure.high, name


@pytest.mark.parametrize("seed", range(2))
def test_many_classes_are_as_expected(seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps = calibration_maps(ANIMALS, folded(ANIMALS, multiclass(rng, 20_000, mix=0.2)))
    now = folded(ANIMALS, multiclass(rng, 5_000, mix=0.2), made=True)
    truth, found = performance(ANIMALS, now).figures, cbpe(ANIMALS, maps, now)
    assert set(found) == {"accuracy", "precision_macro", "recall_macro", "f1_macro", "auc"}
    for name, figure in found.items():
        assert figure.low <= truth[name].value <= figure.high, name
        assert figure.high - figure.low < 0.15, name


def test_maps_that_promise_more_labels_than_events_are_scaled() -> None:
    """Four maps of one half promise two labels an event, which has one."""
    rng = np.random.default_rng(6)
    half = Calibration(np.full(100, 0.5), np.full(100, 1e9), np.zeros(100, np.intp))
    found = cbpe(ANIMALS, (half,) * 4, folded(ANIMALS, multiclass(rng, 3_000, mix=0.2), made=True))
    assert [found[name].value for name in ("accuracy", "precision_macro")] == pytest.approx([1 / 4] * 2)


def test_scores_that_are_not_calibrated_are_mended_by_the_map() -> None:
    rng = np.random.default_rng(7)
    sure = [binary(rng, n) for n in (20_000, 5_000)]
    sure = [Pairs(p.predictions, p.probabilities**3, p.labels) for p in sure]
    maps = calibration_maps(BINARY, folded(BINARY, sure[0]))
    now = folded(BINARY, sure[1], made=True)
    truth = performance(BINARY, now).figures["accuracy"].value
    assert cbpe(BINARY, maps, now)["accuracy"].value == pytest.approx(truth, abs=0.02)
    naive = np.where(sure[1].predictions == 1, sure[1].probabilities[:, 0], 1 - sure[1].probabilities[:, 0]).mean()
    assert abs(naive - truth) > 0.04


def test_a_changed_concept_is_beyond_the_band_when_labels_come() -> None:
    rng = np.random.default_rng(8)
    maps = calibration_maps(BINARY, folded(BINARY, binary(rng, 20_000)))
    now = folded(BINARY, binary(rng, 5_000, flip=0.2))
    expected = cbpe(BINARY, maps, now, of="joined")
    truth = performance(BINARY, now).figures
    assert truth["accuracy"].value < expected["accuracy"].low - 0.02
    assert truth["auc"].value < expected["auc"].low - 0.02


def test_few_reference_rows_make_no_map() -> None:
    rng = np.random.default_rng(9)
    assert calibration_maps(BINARY, folded(BINARY, binary(rng, 4_999))) == TooFew(needed=5_000, have=4_999)
    assert error_map(PRICES, folded(PRICES, prices(rng, 100))) == TooFew(needed=5_000, have=100)


def test_without_predictions_or_positives_figures_are_too_few() -> None:
    rng = np.random.default_rng(10)
    maps = calibration_maps(BINARY, folded(BINARY, binary(rng, 6_000)))
    assert set(cbpe(BINARY, maps, BINARY.zeros()).values()) == {TooFew(needed=30, have=0)}
    group = np.zeros(100, np.int64)
    negative = fold_predictions(BINARY, group, np.full((100, 1), 0.3), group=group, groups=1)[0]
    found = cbpe(BINARY, maps, negative)
    assert found["precision"] == TooFew(needed=30, have=0)
    assert isinstance(found["accuracy"], Estimate)


@pytest.mark.parametrize("seed", range(4))
def test_errors_of_a_regression_at_other_predictions_are_as_expected(seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = error_map(PRICES, folded(PRICES, prices(rng, 20_000)))
    now = folded(PRICES, prices(rng, 3_000, shift=8), made=True)
    truth = performance(PRICES, now).figures
    before = performance(PRICES, folded(PRICES, prices(rng, 20_000))).figures
    for name, figure in dle(PRICES, errors, PRICES.part(now, "made_bins")).items():
        assert figure.low <= truth[name].value <= figure.high, name
        assert figure.value > before[name].value, name


def test_errors_expected_of_the_reference_itself_are_its_own() -> None:
    cells = folded(PRICES, prices(np.random.default_rng(11), 8_000))
    found = dle(PRICES, error_map(PRICES, cells), PRICES.part(cells, "bins"))
    own = performance(PRICES, cells).figures
    assert found["mae"].value == pytest.approx(own["mae"].value, rel=0.002)
    assert found["rmse"].value == pytest.approx(own["rmse"].value, rel=0.002)


def test_a_regression_without_predictions_is_too_few_and_other_bins_are_refused() -> None:
    errors = error_map(PRICES, folded(PRICES, prices(np.random.default_rng(12), 6_000)))
    assert set(dle(PRICES, errors, np.zeros(22, np.int64)).values()) == {TooFew(needed=30, have=0)}
    with pytest.raises(ValueError, match="baseline of the map"):
        dle(PRICES, errors, np.zeros(5, np.int64))
