"""More errors are told apart: other inputs, or another answer to the same inputs."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from stats.outcome import TooFew
from stats.performance.calibration_map import calibration_maps
from stats.performance.concept import concept_change, most_responsible, outcome_gap, responsible_segment
from tests.unit.performance_stats.worlds import (
    ANIMALS,
    BINARY,
    PRICES,
    Pairs,
    binary,
    folded,
    multiclass,
    prices,
)


def test_harder_inputs_are_no_concept_drift() -> None:
    """Scores move to the threshold: one in ten more is wrong, and as many as in the reference at such scores."""
    rng = np.random.default_rng(1)
    reference = folded(BINARY, binary(rng, 30_000, shift=-3))
    found = concept_change(BINARY, reference, folded(BINARY, binary(rng, 5_000)))
    assert found.now - found.reference > 0.1
    assert found.by_inputs == pytest.approx(found.now - found.reference, abs=0.03)
    assert found.by_concept.low <= 0 <= found.by_concept.high
    assert found.p_value > 0.01


@pytest.mark.parametrize(("layout", "draw", "change"), [
    (BINARY, binary, {"flip": 0.1}),
    (ANIMALS, multiclass, {"mix": 0.2}),
    (PRICES, prices, {"noise": 1.3}),
])  # fmt: skip
def test_another_answer_to_the_same_inputs_is(layout, draw, change: dict[str, float]) -> None:  # noqa: ANN001  a layout and its world
    rng = np.random.default_rng(2)
    reference = folded(layout, draw(rng, 20_000))
    found = concept_change(layout, reference, folded(layout, draw(rng, 4_000, **change)))
    assert found.by_concept.low > 0
    assert found.p_value < 1e-6
    assert found.by_concept.value == pytest.approx(found.now - found.reference, rel=0.35)


@pytest.mark.parametrize(("layout", "draw"), [(BINARY, binary), (ANIMALS, multiclass), (PRICES, prices)])
def test_both_parts_add_up_to_the_change(layout, draw) -> None:  # noqa: ANN001  a layout and its world
    rng = np.random.default_rng(3)
    found = concept_change(layout, folded(layout, draw(rng, 3_000)), folded(layout, draw(rng, 500)))
    assert found.reference + found.by_inputs + found.by_concept.value == pytest.approx(found.now)


@pytest.mark.parametrize(("layout", "draw", "shift"), [
    (BINARY, binary, {"shift": 0.5}),
    (ANIMALS, multiclass, {}),
    (PRICES, prices, {"shift": 5}),
])  # fmt: skip
def test_p_values_are_uniform_where_only_inputs_change(layout, draw, shift: dict[str, float]) -> None:  # noqa: ANN001  a layout and its world
    rng = np.random.default_rng(4)
    values, held = [], 0
    for _ in range(40):
        found = concept_change(layout, folded(layout, draw(rng, 6_000)), folded(layout, draw(rng, 1_000, **shift)))
        values.append(found.p_value)
        held += found.by_concept.low <= 0 <= found.by_concept.high
    assert scipy_stats.kstest(values, "uniform").pvalue > 0.001
    assert held >= 33  # of 40 at 95 %: 3.6 standard deviations below


def test_changes_that_cancel_in_the_mean_are_seen_by_chi2() -> None:
    rng = np.random.default_rng(5)
    reference = folded(BINARY, binary(rng, 20_000, flip=0.1))
    pairs = binary(rng, 6_000)
    score = pairs.probabilities[:, 0]
    worse = (score < 0.2) & (rng.random(6_000) < 0.19)
    found = concept_change(
        BINARY, reference, folded(BINARY, Pairs(pairs.predictions, pairs.probabilities, pairs.labels ^ worse))
    )
    assert abs(found.by_concept.value) < 0.01
    assert found.p_value < 1e-9


def test_the_class_that_went_wrong_is_named() -> None:
    rng = np.random.default_rng(6)
    reference = folded(ANIMALS, multiclass(rng, 20_000))
    now = multiclass(rng, 4_000)
    turned = (now.predictions == 1) & (rng.random(4_000) < 0.4)
    found = concept_change(
        ANIMALS, reference, folded(ANIMALS, Pairs(now.predictions, now.probabilities, np.where(turned, 3, now.labels)))
    )
    assert found.responsible.name == "dog"
    assert found.responsible.share > 0.8
    assert found.responsible.contribution == pytest.approx(found.by_concept.value, rel=0.3)
    assert found.gap.shape == (4, 100)


def test_the_segment_that_went_wrong_is_named() -> None:
    rng = np.random.default_rng(7)
    reference = folded(BINARY, binary(rng, 20_000))
    segments = {
        "country=de": folded(BINARY, binary(rng, 3_000)),
        "country=fr": folded(BINARY, binary(rng, 1_000, flip=0.3)),
        "country=it": folded(BINARY, binary(rng, 2_000)),
    }
    found = responsible_segment(BINARY, reference, segments)
    whole = concept_change(BINARY, reference, sum(segments.values()))
    assert found.name == "country=fr"
    assert found.share > 0.7
    assert whole.by_concept.low > 0
    assert found.contribution == pytest.approx(whole.by_concept.value, rel=0.35)


def test_the_share_is_of_what_goes_in_the_same_direction() -> None:
    assert most_responsible({"a": 3.0, "b": 1.0, "c": -2.0}).share == pytest.approx(0.75)
    assert most_responsible({"a": -3.0, "b": -1.0, "c": 2.0}).name == "a"
    assert most_responsible({"a": 0.0, "b": 0.0}).share == 0


def sure(n: int, wrong: int) -> Pairs:
    return Pairs(np.ones(n, int), np.full((n, 1), 0.999), (np.arange(n) >= wrong).astype(int))


def test_a_reference_without_a_single_error_is_not_taken_for_infallible() -> None:
    """One error in 500 is within what 400 right answers allow, and so are 20 in 10,000."""
    reference = folded(BINARY, sure(400, wrong=0))
    found = concept_change(BINARY, reference, folded(BINARY, sure(500, wrong=1)))
    assert found.by_concept.low < 0 < found.by_concept.high
    assert isinstance(found.p_value, TooFew)
    assert found.p_value.have == 500 < found.p_value.needed
    many = concept_change(BINARY, reference, folded(BINARY, sure(10_000, wrong=20)))
    assert many.by_concept.low < 0 < many.by_concept.high
    assert concept_change(BINARY, reference, folded(BINARY, sure(10_000, wrong=200))).by_concept.low > 0


def test_errors_that_never_vary_are_compared_without_a_division_by_zero() -> None:
    y = np.linspace(60, 140, 300)
    same = concept_change(PRICES, folded(PRICES, Pairs(y + 5, None, y)), folded(PRICES, Pairs(y + 5, None, y)))
    worse = concept_change(PRICES, folded(PRICES, Pairs(y + 5, None, y)), folded(PRICES, Pairs(y + 9, None, y)))
    assert same.by_concept.value == pytest.approx(0, abs=1e-6)
    assert same.p_value > 0.5
    assert worse.by_concept.value == pytest.approx(4, abs=0.3)
    assert worse.p_value < 1e-9


def test_too_few_labels_on_either_side_and_no_scores_are_named() -> None:
    rng = np.random.default_rng(8)
    enough, few = folded(BINARY, binary(rng, 500)), folded(BINARY, binary(rng, 99))
    assert concept_change(BINARY, enough, few) == concept_change(BINARY, few, enough) == TooFew(needed=100, have=99)
    assert responsible_segment(BINARY, enough, {"a=1": few}) == TooFew(needed=100, have=99)
    pairs = binary(rng, 500)
    silent = folded(BINARY, Pairs(pairs.predictions, np.full((500, 1), np.nan), pairs.labels))
    assert concept_change(BINARY, enough, silent) == TooFew(needed=100, have=0)


def test_the_outcome_rate_within_score_bins_is_compared_with_the_references() -> None:
    rng = np.random.default_rng(9)
    maps = calibration_maps(BINARY, folded(BINARY, binary(rng, 30_000)))
    n, gap = outcome_gap(BINARY, maps, folded(BINARY, binary(rng, 20_000, flip=0.25)))
    middle = (np.arange(100) + 0.5) / 100
    expected = 0.25 * (1 - 2 * middle)
    assert n.sum() == 20_000
    assert np.average(np.abs(gap[0] - expected), weights=n[0]) < 0.05
    nothing = outcome_gap(BINARY, maps, BINARY.zeros())
    assert not nothing[0].any()
    assert not nothing[1].any()
