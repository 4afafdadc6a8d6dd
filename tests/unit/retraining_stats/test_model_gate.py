"""Every rule of the model gate on both sides of its bound, and what cannot be judged does not pass."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from stats.outcome import TooFew
from stats.performance.calibration_error import calibration_error, chance
from stats.performance.estimate import Estimate
from stats.performance.fairness import Disparity, Fairness, fairness
from stats.retraining.gate_figure import failed
from stats.retraining.model_gate import Budget, Candidate, ModelBounds, model_gate
from stats.retraining.paired import Answers, Comparison, compare
from stats.retraining.regression_cases import RegressionCases
from tests.unit.retraining_stats.models import BINARY, PRICES, folded, holdout

ROWS = holdout(BINARY, 4_000, production=2.0, candidate=0.3)
CELLS = folded(BINARY, ROWS.label, ROWS.candidate)
CASES = RegressionCases(10, 9, 9, (), ())


def gain(metric: str, low: float, margin: float, *, better: bool | TooFew) -> Comparison:
    return Comparison(metric, 0.8, 0.81, Estimate(low + 0.01, low, low + 0.02, 500), 0.01, margin, 0.05, better)


def against(ratio: float, odds: float) -> Fairness:
    """One group against another, of which only the two figures are looked at."""
    figures = [Estimate(value, value / 2, value * 2, 500) for value in (0.0, ratio, odds)]
    return Fairness("yes", "men", {}, {"women": Disparity(*figures)})


def candidate(**parts: Any) -> Candidate:
    primary, guard = gain("accuracy", 0.001, 0.0, better=True), gain("auc", -0.005, -0.01, better=True)
    return replace(Candidate(BINARY, CELLS, [primary], [guard], CASES, {"sex": against(0.9, 0.1)}), **parts)


def judged(bounds: ModelBounds | None = None, **parts: Any) -> list[tuple[str, str | None]]:
    """Rules, and what they looked at, that did not pass."""
    return [(figure.rule, figure.feature) for figure in failed(model_gate(candidate(**parts), bounds or ModelBounds()))]


def of_rows(at: slice) -> NDArray[np.int64]:
    """The candidate's outcomes of some rows."""
    answers = Answers(ROWS.candidate.prediction[at], ROWS.candidate.probabilities[at])
    return folded(BINARY, ROWS.label[at], answers)


def test_a_good_candidate_passes_every_rule_and_each_of_them_was_asked() -> None:
    figures = model_gate(candidate(budgets=[Budget("latency_p99_ms", 20.0, 25.0)]))
    assert [(figure.rule, figure.feature, figure.passed) for figure in figures] == [
        ("primary", "accuracy", True),
        ("guard", "auc", True),
        ("regression_cases", None, True),
        ("impact_ratio", "sex=women", True),
        ("odds_difference", "sex=women", True),
        ("calibration_error", None, True),
        ("latency_p99_ms", None, True),
    ]
    assert figures[0].detail == (
        "'accuracy': 0.81 against production's 0.8, a gain of +0.011 (+0.001 to +0.021, p = 0.01) that must surely be "
        "above 0"
    )


def test_a_real_candidate_passes_with_real_comparisons() -> None:
    primary = compare("log_loss", *ROWS.rows, layout=BINARY)
    guards = [compare(metric, *ROWS.rows, layout=BINARY, margin=-0.01) for metric in ("accuracy", "auc", "recall")]
    sides = {name: of_rows(slice(first, None, 2)) for first, name in enumerate(("left", "right"))}
    assert judged(primary=[primary], guards=guards, fairness={"side": fairness(BINARY, sides)}) == []
    backwards = compare("log_loss", ROWS.label, ROWS.candidate, ROWS.production, layout=BINARY)
    assert judged(primary=[backwards]) == [("primary", "log_loss")]


@pytest.mark.parametrize("rule", ["primary", "guard"])
@pytest.mark.parametrize("verdict", [False, TooFew(30, 12)], ids=["not better", "too few"])
def test_one_figure_that_is_not_surely_good_enough_stops_the_candidate(
    rule: str, verdict: Literal[False] | TooFew
) -> None:
    good, bad = gain("auc", 0.1, 0.0, better=True), gain("f1", -0.001, 0.0, better=verdict)
    if isinstance(verdict, TooFew):
        bad = replace(bad, production=None, candidate=None, difference=verdict, p_value=None)
    part = {"primary": "primary", "guard": "guards"}[rule]
    assert judged(**{part: [good, bad]}) == [(rule, "f1")]


def test_a_gate_without_a_figure_to_compare_is_shut() -> None:
    assert judged(primary=[]) == [("primary", None)]
    assert judged(guards=[]) == []


@pytest.mark.parametrize(("broken", "allowed", "passed"), [((), 0, True), ((3,), 0, False), ((3,), 1, True)])
def test_broken_cases_are_counted_whatever_else_was_fixed(broken: tuple[int, ...], allowed: int, passed: bool) -> None:  # noqa: FBT001  a table
    cases = RegressionCases(10, 5, 9, broken, (0, 1, 2, 4))
    assert judged(ModelBounds(broken_cases=allowed), cases=cases) == ([] if passed else [("regression_cases", None)])


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        (RegressionCases(0, None, 0, (), ()), "there are none"),
        (
            RegressionCases(3, None, 2, (1,), ()),
            "2 of 3 right, production could not be asked, so each must be right; 1",
        ),
        (RegressionCases(3, 2, 2, (1,), (2,)), "2 of 3 right, of production 2; 1 that production had right"),
    ],
)
def test_words_about_cases_fit_what_is_known(cases: RegressionCases, told: str) -> None:
    figures = model_gate(candidate(cases=cases))
    (figure,) = (figure for figure in figures if figure.rule == "regression_cases")
    assert figure.detail.startswith(f"regression cases: {told}")


def test_broken_cases_are_named_and_many_are_cut() -> None:
    (figure,) = failed(model_gate(candidate(cases=RegressionCases(40, 30, 10, tuple(range(20)), ()))))
    assert "20 that production had right are wrong: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 …" in figure.detail


@pytest.mark.parametrize(
    ("ratio", "odds", "told"),
    [
        (0.8, 0.2, []),
        (1.25, 0.0, []),
        (0.799, 0.2, ["impact_ratio"]),
        (1.251, 0.2, ["impact_ratio"]),
        (0.8, 0.201, ["odds_difference"]),
        (0.0, 0.0, ["impact_ratio"]),
    ],
)
def test_groups_keep_the_limits_whichever_is_selected_less(ratio: float, odds: float, told: list[str]) -> None:
    assert judged(fairness={"sex": against(ratio, odds)}) == [(rule, "sex=women") for rule in told]
    assert judged(ModelBounds(impact_ratio=None, odds_difference=None), fairness={"sex": against(ratio, odds)}) == []


def test_groups_too_small_or_alone_are_no_evidence_of_fairness() -> None:
    small = {"a": CELLS, "b": of_rows(slice(50))}
    found = {"site": fairness(BINARY, small), "one": fairness(BINARY, {"a": CELLS})}
    assert judged(fairness=found) == [("impact_ratio", "site=b"), ("odds_difference", "site=b"), ("fairness", "one")]


def test_calibration_is_held_to_what_lies_beyond_chance() -> None:
    beyond = calibration_error(BINARY, CELLS).value - chance(BINARY, CELLS)
    assert beyond > 0.001
    assert judged(ModelBounds(calibration_error=beyond)) == []
    assert judged(ModelBounds(calibration_error=beyond - 1e-6)) == [("calibration_error", None)]
    assert judged(ModelBounds(calibration_error=None)) == []


def test_a_classification_without_probabilities_is_not_known_to_be_calibrated() -> None:
    nothing = replace(ROWS.candidate, probabilities=np.full((4_000, 1), np.nan))
    assert judged(cells=folded(BINARY, ROWS.label, nothing)) == [("calibration_error", None)]


def test_a_regression_has_no_calibration() -> None:
    rows = holdout(PRICES, 200)
    cells = folded(PRICES, rows.label, rows.candidate)
    assert judged(layout=PRICES, cells=cells, fairness={}) == []


@pytest.mark.parametrize(("value", "passed"), [(25.0, True), (25.001, False), (None, False), (float("nan"), False)])
def test_a_budget_is_kept_or_not_and_must_be_measured(value: float | None, passed: bool) -> None:  # noqa: FBT001  a table
    assert judged(budgets=[Budget("latency_p99_ms", value, 25.0)]) == ([] if passed else [("latency_p99_ms", None)])
