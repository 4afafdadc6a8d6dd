"""Bets that neither win nor lose are no evidence, however long they go on."""

import numpy as np

from stats.performance.concept_detector import ConceptDetector, ConceptRule
from tests.unit.performance_stats.worlds import PRICES, folded, prices

HOUR_MS = 3_600_000


def test_half_a_year_of_small_panes_does_not_add_up_to_a_finding() -> None:
    """The smallest bets on a regression keep their capital: without a new start, R would be the number of panes."""
    rng = np.random.default_rng(5)
    detector = ConceptDetector(PRICES, folded(PRICES, prices(rng, 10_000)), ConceptRule(HOUR_MS))
    panes = [folded(PRICES, prices(rng, 40)) for _ in range(150)]
    state, most = detector.start(), 0.0
    for pane in range(4_000):
        state, evidence, found = detector.step(state, pane * HOUR_MS, panes[rng.integers(150)])
        assert found == []
        most = max(most, *evidence.values())
    assert most < np.log(100)
