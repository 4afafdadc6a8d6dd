"""Whatever the outcomes: a state survives its bytes, silence costs nothing, and evidence does not grow by chance."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.performance.concept_detector import ConceptDetector, ConceptRule, ConceptState
from stats.performance.layout import OutcomeLayout
from tests.properties.performance_stats.outcomes import LAYOUTS, Row, folded, rows_of

PANE_MS = 3_600_000
RULE = ConceptRule(PANE_MS, z=0.1, tolerance=0.0)
BINARY = LAYOUTS[0]

references_and_panes = st.sampled_from(LAYOUTS).flatmap(
    lambda layout: st.tuples(
        st.just(layout),
        rows_of(layout, min_size=20, max_size=30),
        st.lists(rows_of(layout, max_size=12), min_size=1, max_size=5),
    )
)


def detector_of(layout: OutcomeLayout, rows: list[Row]) -> ConceptDetector:
    """The rows five times over are enough for a reference."""
    return ConceptDetector(layout, 5 * folded(layout, rows), RULE)


@given(references_and_panes)
def test_a_detector_that_is_stored_after_every_pane_goes_on_as_if_it_were_not(
    given_: tuple[OutcomeLayout, list[Row], list[list[Row]]],
) -> None:
    layout, rows, panes = given_
    detector = detector_of(layout, rows)
    kept = stored = detector.start()
    for pane, now in enumerate(panes):
        cells = folded(layout, now)
        kept, evidence, found = detector.step(kept, pane * PANE_MS, cells)
        stored, *same = detector.step(stored, pane * PANE_MS, cells)
        assert same == [evidence, found]
        stored = ConceptState.from_bytes(stored.to_bytes())
        assert stored.to_bytes() == kept.to_bytes()


@given(references_and_panes, st.integers(0, 4))
def test_empty_panes_anywhere_change_no_evidence(
    given_: tuple[OutcomeLayout, list[Row], list[list[Row]]], gap: int
) -> None:
    layout, rows, panes = given_
    detector = detector_of(layout, rows)
    dense = sparse = detector.start()
    for number, now in enumerate(panes):
        cells = folded(layout, now)
        start_ms = number * (gap + 1) * PANE_MS
        dense, *told = detector.step(dense, start_ms, cells)
        sparse, *same = detector.step(sparse, start_ms, cells)
        for silent in range(gap):
            sparse, _, found = detector.step(sparse, start_ms + (silent + 1) * PANE_MS, layout.zeros())
            assert found == []
        assert told == same
    assert dense.to_bytes() == sparse.to_bytes()


@given(references_and_panes)
def test_evidence_is_never_undefined(given_: tuple[OutcomeLayout, list[Row], list[list[Row]]]) -> None:
    layout, rows, panes = given_
    detector = detector_of(layout, rows)
    state = detector.start()
    for pane, now in enumerate(panes):
        state, evidence, found = detector.step(state, pane * PANE_MS, folded(layout, now))
        assert all(np.isfinite(x) for x in evidence.values())
        assert not np.isnan(state.evidence.log_r).any()
        assert all(finding.n > 0 and finding.onset_ms <= pane * PANE_MS for finding in found)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.3])
def test_the_mean_of_r_grows_by_at_most_one_a_pane_without_a_change(wrong: float) -> None:
    """600 streams of 8 panes of 10 labels, as often wrong as the reference or less; within 4 standard errors."""
    rng = np.random.default_rng(3)
    rows = [(0, (0.2,), 0, 0.0, 0.0)] * 700 + [(0, (0.2,), 1, 0.0, 0.0)] * 300
    detector = ConceptDetector(BINARY, folded(BINARY, rows), ConceptRule(PANE_MS, budget=1e-6, z=0.01, tolerance=0.0))
    pane = [folded(BINARY, rows[700 - 10 + k : 700 + k]) for k in range(11)]
    reached = []
    for counts in rng.binomial(10, wrong, (600, 8)):
        state = detector.start()
        for number, k in enumerate(counts):
            state, _, _ = detector.step(state, number * PANE_MS, pane[k])
        reached.append(np.exp(state.evidence.log_r[:3, :2]))  # means of further bets are carried by rarer events
    mean, error = np.mean(reached, 0), np.std(reached, 0) / np.sqrt(len(reached))
    assert (mean <= 8 + 4 * error).all()
    if wrong == 0.3:
        assert mean[0, 0] > 3


def test_the_bytes_of_states_tell_them_apart() -> None:
    detector = detector_of(BINARY, [(0, (0.2,), 0, 0.0, 0.0)] * 15 + [(0, (0.3,), 1, 0.0, 0.0)] * 5)
    states = [detector.start()]
    for pane in range(3):
        states.append(detector.step(states[-1], pane * PANE_MS, folded(BINARY, [(1, (0.6,), 0, 0.0, 0.0)]))[0])
    assert all(a.to_bytes() != b.to_bytes() for a, b in pairwise(states))
