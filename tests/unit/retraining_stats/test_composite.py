"""The composite score: what it promises, on figures that can be worked out by hand."""

from math import inf

import pytest

from stats.retraining.composite import PARITY, Criterion, composite

ACCURACY, LATENCY = Criterion("accuracy", 3.0, ideal=1.0), Criterion("latency_p99_ms", 1.0)
PRODUCTION = {"accuracy": 0.9, "latency_p99_ms": 20.0}


def test_production_itself_is_at_parity() -> None:
    (same,) = composite([ACCURACY, LATENCY], PRODUCTION, {"v2": PRODUCTION})
    assert same.score == PARITY
    assert dict(same.utilities) == {"accuracy": 0.5, "latency_p99_ms": 0.5}


def test_halving_errors_counts_as_much_as_halving_a_latency_but_for_the_weights() -> None:
    accurate, fast = {"accuracy": 0.95, "latency_p99_ms": 20.0}, {"accuracy": 0.9, "latency_p99_ms": 10.0}
    best, second = composite([ACCURACY, LATENCY], PRODUCTION, {"fast": fast, "accurate": accurate})
    assert (best.candidate, second.candidate) == ("accurate", "fast")
    assert best.utilities["accuracy"] == pytest.approx(second.utilities["latency_p99_ms"]) == pytest.approx(2 / 3)
    assert best.score == pytest.approx((3 * 2 / 3 + 0.5) / 4)
    assert second.score == pytest.approx((3 * 0.5 + 2 / 3) / 4)


def test_units_drop_out() -> None:
    in_s = composite([LATENCY], {"latency_p99_ms": 0.02}, {"v2": {"latency_p99_ms": 0.013}})
    in_ms = composite([LATENCY], {"latency_p99_ms": 20.0}, {"v2": {"latency_p99_ms": 13.0}})
    assert in_s[0].score == pytest.approx(in_ms[0].score)


def test_a_figure_without_an_ideal_is_the_better_the_greater() -> None:
    rate = Criterion("requests_a_second", 1.0, ideal=inf)
    figures = {name: {"requests_a_second": value} for name, value in {"was": 100.0, "a": 300.0, "b": 0.0}.items()}
    was = figures.pop("was")
    found = composite([rate], was, figures)
    assert [(of.candidate, of.score) for of in found] == [("a", 0.75), ("b", 0.0)]


def test_where_production_and_candidate_are_both_ideal_they_are_at_parity() -> None:
    (perfect,) = composite([ACCURACY], {"accuracy": 1.0}, {"v2": {"accuracy": 1.0}})
    assert perfect.score == PARITY


def test_ties_go_to_the_first_criterion_then_to_the_lesser_name_whatever_the_order() -> None:
    even = [Criterion("a", 1.0), Criterion("b", 1.0)]
    were = {"a": 2.0, "b": 2.0}
    figures = {"z": {"a": 1.0, "b": 4.0}, "y": {"a": 4.0, "b": 1.0}, "x": {"a": 4.0, "b": 1.0}}
    for order in (figures, dict(reversed(figures.items()))):
        assert [of.candidate for of in composite(even, were, order)] == ["z", "x", "y"]


@pytest.mark.parametrize("figures", [{}, {"accuracy": float("nan")}, {"accuracy": inf}])
def test_a_figure_that_was_not_measured_is_not_guessed(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="v2 has no usable 'accuracy'"):
        composite([ACCURACY], PRODUCTION, {"v2": figures})
    with pytest.raises(ValueError, match="production has no usable 'accuracy'"):
        composite([ACCURACY], figures, {"v2": PRODUCTION})


def test_criteria_without_sense_are_refused() -> None:
    for weight in (0.0, -1.0, inf):
        with pytest.raises(ValueError, match="weight above 0"):
            Criterion("accuracy", weight)
    with pytest.raises(ValueError, match="number or infinity"):
        Criterion("accuracy", 1.0, ideal=-inf)
    with pytest.raises(ValueError, match="at least one criterion"):
        composite([], PRODUCTION, {})
    with pytest.raises(ValueError, match="each once"):
        composite([LATENCY, LATENCY], PRODUCTION, {})
