"""Too little, too uniform or too odd data has a name, or the figure that is right for it."""

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.business_value import value_per_prediction
from stats.performance.cells import OutcomeLayout, fold_outcomes, fold_predictions
from stats.performance.coverage import coverage, label_delay
from stats.performance.estimate import Estimate, Undefined
from stats.performance.metrics import performance
from tests.unit.performance_stats.worlds import ANIMALS, BINARY, PRICES, Pairs, folded


def two_classes(predictions: list[int], labels: list[int], score: float = 0.5) -> Pairs:
    return Pairs(np.array(predictions), np.full((len(labels), 1), score), np.array(labels))


def numbers(predictions: np.ndarray, labels: np.ndarray) -> Pairs:
    return Pairs(predictions, None, labels)


@pytest.mark.parametrize("layout", [BINARY, ANIMALS, PRICES], ids=lambda layout: layout.task)
def test_nothing_at_all_is_too_few_of_everything(layout: OutcomeLayout) -> None:
    found = performance(layout, layout.zeros())
    figures = [*found.figures.values(), *(figure for each in found.by_class.values() for figure in each.values())]
    assert len(figures) >= 7
    assert all(isinstance(figure, TooFew) and figure.have == 0 and figure.needed >= 1 for figure in figures)
    assert found.delay.p50_s == TooFew(needed=2, have=0)


def test_the_least_count_is_the_figures_own_denominator() -> None:
    found = performance(BINARY, folded(BINARY, two_classes([1] * 20 + [0] * 80, [1] * 100))).figures
    assert isinstance(found["accuracy"], Estimate)
    assert found["precision"] == TooFew(needed=30, have=20)
    assert isinstance(found["recall"], Estimate)
    strict = performance(BINARY, folded(BINARY, two_classes([1] * 50, [1] * 50)), min_count=51)
    assert strict.figures["accuracy"] == TooFew(needed=51, have=50)


def test_one_class_alone_has_no_auc() -> None:
    found = performance(BINARY, folded(BINARY, two_classes([1] * 60, [1] * 60))).figures
    assert found["auc"] == TooFew(needed=30, have=0)
    assert found["recall"].value == 1
    assert found["f1_macro"].value == 1


def test_all_right_is_one_and_not_certain() -> None:
    labels = [0, 1] * 50
    found = performance(BINARY, folded(BINARY, two_classes(labels, labels))).figures
    for name in ("accuracy", "precision", "recall", "f1", "f1_macro", "precision_weighted"):
        assert found[name].value == found[name].high == 1, name
        assert 0.9 < found[name].low < 1, name


def test_all_wrong_is_zero_and_not_certain() -> None:
    labels = [0, 1] * 50
    found = performance(BINARY, folded(BINARY, two_classes([1 - y for y in labels], labels))).figures
    for name in ("accuracy", "precision", "recall", "f1", "f1_macro", "recall_weighted"):
        assert found[name].value == found[name].low == 0, name
        assert 0 < found[name].high < 0.1, name


def test_a_sure_error_costs_thirty_four_and_a_half_nats() -> None:
    found = performance(BINARY, folded(BINARY, two_classes([1] * 40, [0] * 40, score=1.0))).figures
    assert found["log_loss"].value == pytest.approx(-np.log(1e-15))
    assert found["brier"].value == 1


def test_without_scores_only_what_needs_them_is_missing() -> None:
    found = performance(BINARY, folded(BINARY, two_classes([0, 1] * 50, [1, 1] * 50, score=np.nan))).figures
    assert found["accuracy"].value == 0.5
    for name in ("log_loss", "brier", "auc", "calibration_error"):
        assert found[name] == TooFew(needed=30, have=0), name


def test_an_event_with_some_of_its_probabilities_is_not_scored() -> None:
    probabilities = np.full((100, 4), 0.25)
    probabilities[:40, 2] = np.nan
    found = performance(ANIMALS, folded(ANIMALS, Pairs(np.zeros(100, int), probabilities, np.zeros(100, int)))).figures
    assert (found["accuracy"].n, found["log_loss"].n) == (100, 60)


def test_an_unknown_label_is_an_error_that_no_probability_speaks_of() -> None:
    labels = BINARY.codes(["yes"] * 50 + ["no"] * 40 + ["YES"] * 10)
    pairs = Pairs(BINARY.codes(["yes"] * 50 + ["no"] * 50), np.full((100, 1), 0.5), labels)
    found = performance(BINARY, folded(BINARY, pairs)).figures
    assert found["accuracy"].value == 0.9
    assert found["log_loss"].n == 90
    assert found["precision"].value == 1


def test_an_unknown_class_predicted_and_labelled_is_never_right() -> None:
    other = ANIMALS.codes(["yak"] * 50)
    found = performance(ANIMALS, folded(ANIMALS, Pairs(other, np.full((50, 4), 0.25), other))).figures
    assert found["accuracy"].value == 0
    assert found["f1_macro"] == TooFew(needed=1, have=0)


def test_a_class_that_does_not_occur_is_not_in_the_mean() -> None:
    pairs = Pairs(np.array([0, 1] * 50), np.full((100, 4), 0.25), np.array([0, 1] * 50))
    assert performance(ANIMALS, folded(ANIMALS, pairs)).figures["f1_macro"].value == 1


def test_labels_that_do_not_vary_leave_nothing_to_explain() -> None:
    rng = np.random.default_rng(1)
    found = performance(PRICES, folded(PRICES, numbers(rng.normal(90, 5, 200), np.full(200, 90.1)))).figures
    assert isinstance(found["r2"], Undefined)
    assert "do not vary" in str(found["r2"])
    assert found["mae"].value > 0


def test_a_perfect_regression_has_no_error_and_explains_everything() -> None:
    y = np.linspace(60, 140, 100)
    found = performance(PRICES, folded(PRICES, numbers(y, y))).figures
    assert [found[name].value for name in ("mae", "rmse", "mape", "r2", "bias")] == [0, 0, 0, 1, 0]


def test_labels_of_zero_have_no_relative_error() -> None:
    y = np.concatenate((np.zeros(50), np.full(40, 10.0)))
    found = performance(PRICES, folded(PRICES, numbers(y + 1, y))).figures
    assert found["mape"].value == pytest.approx(0.1)
    assert found["mape"].n == 40
    only = performance(PRICES, folded(PRICES, numbers(y[:50] + 1, y[:50]))).figures
    assert only["mape"] == TooFew(needed=30, have=0)


def test_numbers_far_beyond_the_scale_keep_their_mean_and_interval() -> None:
    """Errors of a model without a baseline, whose scale is 1: no cut may hide them."""
    layout = OutcomeLayout("regression")
    rng = np.random.default_rng(2)
    e = rng.normal(0, 3e6, 500)
    found = performance(layout, folded(layout, numbers(e, np.full(500, 1.0)))).figures
    assert found["rmse"].value == pytest.approx(np.sqrt(((e - 1) ** 2).mean()))
    assert found["rmse"].high == pytest.approx(found["rmse"].value * 1.06, rel=0.02)


def test_extreme_numbers_are_cut_and_never_become_nan() -> None:
    layout = OutcomeLayout("regression")
    found = performance(layout, folded(layout, numbers(np.full(40, 1.7e308), np.full(40, -1.7e308)))).figures
    assert found["mae"].value == 2.0**29
    assert found["mape"].value == pytest.approx(2)


def with_delay_and_value(delay_s: np.ndarray, value: np.ndarray) -> np.ndarray:
    n = len(delay_s)
    zeros = np.zeros(n, np.int64)
    return fold_outcomes(BINARY, zeros, np.zeros((n, 1)), zeros, delay_s, value, group=zeros, groups=1)[0]


def test_label_delay_is_within_one_percent_from_seconds_to_a_year() -> None:
    delay_s = np.geomspace(1, 365 * 86_400, 1_001)
    found = label_delay(BINARY, with_delay_and_value(delay_s, np.full(1_001, np.nan)))
    assert found.p50_s == pytest.approx(np.quantile(delay_s, 0.5, method="inverted_cdf"), rel=0.01)
    assert found.p95_s == pytest.approx(np.quantile(delay_s, 0.95, method="inverted_cdf"), rel=0.01)


def test_a_label_before_its_prediction_counts_as_no_delay() -> None:
    found = label_delay(BINARY, with_delay_and_value(np.full(20, -5.0), np.full(20, np.nan)))
    assert 0 <= found.p50_s < 1


def test_value_is_the_mean_of_what_was_valued() -> None:
    value = np.array([1_000_000.25, -3.5, np.nan] * 20)
    found = value_per_prediction(BINARY, with_delay_and_value(np.zeros(60), value))
    assert (found.value, found.n) == (pytest.approx(np.nanmean(value)), 40)
    assert found.high - found.value == pytest.approx(1.959964 * np.nanstd(value) / np.sqrt(40))


def test_coverage_is_labels_of_predictions_made() -> None:
    made = fold_predictions(BINARY, np.zeros(200, int), np.zeros((200, 1)), group=np.zeros(200, int), groups=1)[0]
    cells = made + with_delay_and_value(np.zeros(50), np.full(50, np.nan))
    assert coverage(BINARY, cells).value == 0.25
    assert coverage(BINARY, cells, predictions=100).value == 0.5


def test_coverage_has_no_value_where_labels_outnumber_predictions() -> None:
    cells = with_delay_and_value(np.zeros(50), np.full(50, np.nan))
    assert coverage(BINARY, cells) == TooFew(needed=30, have=0)
    assert isinstance(coverage(BINARY, cells, predictions=40), Undefined)


GOOD = {
    "predictions": np.array([0, 1]),
    "probabilities": np.full((2, 1), 0.5),
    "labels": np.array([0, 1]),
    "delay_s": np.zeros(2),
    "value": np.zeros(2),
    "sign": 1,
    "group": np.zeros(2, int),
    "groups": 1,
}
BAD = {
    "one class number too many": ({"labels": np.array([0, 3])}, "OutcomeLayout.codes"),
    "class names": ({"predictions": np.array(["no", "yes"])}, "OutcomeLayout.codes"),
    "a probability above one": ({"probabilities": np.full((2, 1), 1.01)}, "outside 0..1"),
    "probabilities of both classes": ({"probabilities": np.full((2, 2), 0.5)}, "NaN where there is none"),
    "no probabilities": ({"probabilities": None}, "NaN where there is none"),
    "a group too many": ({"group": np.array([0, 1])}, "outside 0..0"),
    "one label for two predictions": ({"labels": np.array([0])}, "as many"),
    "one delay for two": ({"delay_s": np.zeros(1)}, "one, or NaN"),
    "a sign that scales": ({"sign": 2}, "1, which adds"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_with_the_reason(case: str) -> None:
    assert fold_outcomes(BINARY, **GOOD)[0].any()
    change, reason = BAD[case]
    with pytest.raises(ValueError, match=reason):
        fold_outcomes(BINARY, **(GOOD | change))


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        folded(PRICES, numbers(np.array([np.inf]), np.array([1.0])))


@pytest.mark.parametrize(
    "arguments",
    [
        {"task": "binary", "classes": ("a", "b", "c")},
        {"task": "multiclass", "classes": ("a", "a")},
        {"task": "multiclass", "classes": ("a", "__other__")},
        {"task": "multiclass", "classes": tuple(map(str, range(201)))},
        {"task": "regression", "classes": ("a", "b")},
        {"task": "regression", "scale": 0.0},
        {"task": "regression", "center": float("nan")},
        {"task": "regression", "prediction_edges": (2.0, 1.0)},
    ],
    ids=str,
)
def test_a_layout_that_means_nothing_is_refused(arguments: dict) -> None:  # type: ignore[type-arg]  constructor arguments
    with pytest.raises(ValueError, match=r"name two for binary|must be finite"):
        OutcomeLayout(**arguments)


def test_the_digest_names_the_meaning_of_the_cells() -> None:
    same = OutcomeLayout("binary", ["no", "yes"])
    others = [OutcomeLayout("binary", ("yes", "no")), OutcomeLayout("multiclass", ("no", "yes")), PRICES]
    assert same.digest == BINARY.digest
    assert len({BINARY.digest, *(layout.digest for layout in others)}) == 4
    assert OutcomeLayout("regression", scale=2.0).digest != OutcomeLayout("regression").digest
