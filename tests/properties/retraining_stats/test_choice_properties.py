"""Scores, advice and rankings, whatever the figures."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.performance.estimate import Estimate
from stats.retraining.composite import PARITY, Criterion, composite
from stats.retraining.replace import Retrain, advise
from stats.retraining.stability import stability

figure = st.floats(0, 1e6)
CRITERIA = [Criterion("error_rate", 2.0), Criterion("latency_p99_ms", 1.0), Criterion("size_bytes", 0.5)]
figures = st.fixed_dictionaries({criterion.name: figure for criterion in CRITERIA})


@given(figures, figures, st.sampled_from(CRITERIA), st.floats(0, 1))
def test_a_figure_nearer_its_ideal_never_lowers_the_score_nor_touches_the_others(
    production: dict[str, float], was: dict[str, float], criterion: Criterion, by: float
) -> None:
    now = was | {criterion.name: was[criterion.name] * by}
    scores = {of.candidate: of for of in composite(CRITERIA, production, {"was": was, "now": now})}
    assert scores["now"].score >= scores["was"].score
    assert 0 <= scores["was"].score <= 1
    for other in CRITERIA:
        if other != criterion:
            assert scores["now"].utilities[other.name] == scores["was"].utilities[other.name]


@given(
    st.fixed_dictionaries({criterion.name: st.floats(1e-3, 1e6) for criterion in CRITERIA}),
    st.lists(st.floats(0, 0.99), min_size=3, max_size=3),
)
def test_better_by_every_criterion_is_above_parity_and_as_good_is_at_it(
    production: dict[str, float], by: list[float]
) -> None:
    candidate = {name: value * factor for (name, value), factor in zip(production.items(), by, strict=True)}
    best, same = composite(CRITERIA, production, {"same": production, "better": candidate})
    assert (best.candidate, same.score) == ("better", PARITY)


@given(figures, st.lists(figures, min_size=3, max_size=3))
def test_the_order_in_which_candidates_or_criteria_come_does_not_change_who_is_first(
    production: dict[str, float], candidates: list[dict[str, float]]
) -> None:
    named = dict(zip("abc", candidates, strict=True))
    scores = {of.candidate: of.score for of in composite(CRITERIA, production, named)}
    for order in permutations(named):
        again = composite(CRITERIA, production, {name: named[name] for name in order})
        assert [of.candidate for of in again] == [of.candidate for of in composite(CRITERIA, production, named)]
    for criteria in permutations(CRITERIA):
        assert {of.candidate: of.score for of in composite(criteria, production, named)} == scores


@st.composite
def retrains(draw: st.DrawFn) -> Retrain:
    gained, lost, both, neither = (draw(st.integers(0, 400)) for _ in range(4))
    return Retrain(gained, lost, gained + both, gained + lost + both + neither)


@given(st.lists(retrains(), max_size=5), st.floats(0.01, 1))
def test_advice_is_what_its_own_figures_say(history: list[Retrain], target: float) -> None:
    found = advise(history, target)
    level, gain = found.level, found.gain
    kept = isinstance(level, Estimate) and level.low >= target - 0.01
    helps = isinstance(gain, Estimate) and gain.low > 0 and gain.value >= 0.005
    hopeless = isinstance(gain, Estimate) and gain.high < 0.01 and isinstance(level, Estimate) and level.high < target
    expected = "keep" if kept else "retrain" if helps else "replace" if hopeless else "collect more"
    assert found.verdict == expected
    assert found.sentence.endswith(".")


importances = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(-9, 9).map(float), min_size=2)


@given(importances, importances, st.integers(1, 12))
def test_two_versions_are_as_alike_as_the_other_way_round_in_any_unit(
    old: dict[str, float], new: dict[str, float], top: int
) -> None:
    there, back = stability(old, new, top=top), stability(new, old, top=top)
    scaled = stability({name: 3 * value + 7 for name, value in old.items()}, new, top=top)
    assert there.overlap == back.overlap == scaled.overlap
    assert {mover.feature: mover.moved for mover in there.movers}.keys() <= old.keys() & new.keys()
    if isinstance(there.tau, float):
        assert -1 - 1e-12 <= there.tau <= 1 + 1e-12
        assert there.tau == pytest.approx(back.tau) == pytest.approx(scaled.tau)
    assert isinstance(there.tau, float) or there.tau == back.tau
