"""Splits of traffic, findings and tails, whatever is counted."""

from math import isfinite

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydantic import TypeAdapter

from stats.latency import CELLS, MISSING
from stats.outcome import TooFew
from stats.rollout.bandit import Arms, step, weights_bp
from stats.rollout.latency_tail import freeze, slower
from stats.rollout.sample_ratio import SampleRatio, log_e, start, verdict
from stats.rollout.sample_ratio import step as count
from stats.rollout.silence import Silent
from stats.rollout.verdict import Finding, Ratio, combine

few = st.builds(TooFew, needed=st.just(100), have=st.integers(0, 99))
finding: st.SearchStrategy[Finding] = (
    st.sampled_from(["worse", "as good", "inconclusive"]) | few | st.builds(Silent, windows=st.integers(4, 99))
)
ratio: st.SearchStrategy[Ratio] = st.sampled_from(["mismatch", "match"]) | few
units = st.lists(st.tuples(*[st.integers(0, 3000)] * 3), max_size=8)
labels = st.lists(
    st.integers(0, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=2, max_size=6
)
STORED_RATIO, STORED_ARMS = TypeAdapter(SampleRatio), TypeAdapter(Arms)


@given(st.dictionaries(st.text(min_size=1), finding, min_size=1), ratio)
def test_promoted_is_only_what_is_as_good_by_every_metric_under_a_split_that_was_checked(
    found: dict[str, Finding], split: Ratio
) -> None:
    said = combine(found, split)
    assert (said.action == "promote") is (split == "match" and set(found.values()) == {"as good"})
    assert (said.action == "roll back") is (split != "mismatch" and "worse" in found.values())
    assert said.because
    again = combine(dict(reversed(found.items())), split)
    assert (again.outcome, set(again.because)) == (said.outcome, set(said.because))


@given(units, st.sampled_from([(3000, 3000, 4000), (1, 9998, 1), (0, 500, 9500)]))
def test_evidence_of_a_mismatch_is_finite_stored_as_it_is_and_alike_in_any_order(
    run: list[tuple[int, int, int]], weights: tuple[int, int, int]
) -> None:
    forth = back = start(weights)
    for one, other in zip(run, reversed(run), strict=True):
        forth, back = count(forth, one), count(back, other)
        assert isfinite(log_e(forth))
    assert (forth.units, log_e(forth)) == (back.units, log_e(back))
    whole = count(start(weights), tuple(map(sum, zip(*run, strict=True))) if run else (0, 0, 0))
    assert log_e(whole) == log_e(forth)
    stored = STORED_RATIO.validate_json(STORED_RATIO.dump_json(forth))
    assert stored == forth
    assert verdict(stored) == verdict(forth)


@settings(max_examples=40)
@given(labels, st.integers(0, 1600), st.integers(0, 2**32))
def test_weights_add_up_keep_the_floor_and_are_the_same_again(
    arms: list[tuple[int, int]], floor_bp: int, seed: int
) -> None:
    n, good = zip(*arms, strict=True)
    state = Arms(n, good)
    assert STORED_ARMS.validate_json(STORED_ARMS.dump_json(state)) == state
    assert step(state, (0,) * len(n), (0,) * len(n)) == state
    weights = weights_bp(state, floor_bp=floor_bp, seed=seed, min_labels=1)
    assert weights == weights_bp(state, floor_bp=floor_bp, seed=seed, min_labels=1)
    if min(n) == 0:
        assert weights == TooFew(needed=1, have=0)
    else:
        assert isinstance(weights, tuple)
        assert sum(weights) == 10_000
        assert min(weights) >= floor_bp


@given(arrays.arrays(np.int64, CELLS, elements=st.integers(0, 3), fill=st.just(0)), st.sampled_from([0.5, 0.95, 0.99]))
def test_at_most_its_share_lies_beyond_a_frozen_quantile(cells: NDArray[np.int64], level: float) -> None:
    edge = freeze(cells, level)
    if isinstance(edge, TooFew):
        assert edge.have == cells[:MISSING].sum() < edge.needed
    elif edge.cell < MISSING - 2:
        counts = slower(cells, cells, edge)
        assert counts.x_canary == counts.x_stable <= (1 - level) * counts.n_stable + 1e-9
