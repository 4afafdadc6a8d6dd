"""The classical rule has the detector's interface, and its gate."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from stats.detector.detector import Rule
from stats.detector.multiwindow import MultiWindow, WindowState
from tests.unit.detector.worlds import (
    HOUR_MS,
    START_MS,
    cells_of,
    coded,
    history_of,
    independent,
    layout_of,
    normal_counts,
    panes_of,
    run,
    seasoned,
)


def test_a_shift_is_found_with_the_window_that_shows_it_best() -> None:
    rng = np.random.default_rng(1)
    layout, season = seasoned(normal_counts(rng, 500, independent(rng, 2)))
    level = np.zeros((60, 2))
    level[40:, 1] = 0.5
    found = run(MultiWindow(layout, season, Rule()), panes_of(layout, normal_counts(rng, 500, level)))
    pane, finding = found[0]
    assert {finding.place for _, finding in found} == {1}
    assert 40 <= pane <= 42
    assert abs((finding.onset_ms - START_MS) // HOUR_MS - 40) <= 1
    assert (finding.what, finding.severity) == ("shape", "page")


def test_a_month_without_drift_raises_nothing() -> None:
    rng = np.random.default_rng(2)
    layout, season = seasoned(normal_counts(rng, 200, independent(rng, 3)))
    panes = panes_of(layout, normal_counts(rng, 200, np.zeros((240, 3))))
    assert run(MultiWindow(layout, season, Rule()), panes) == []


def test_evidence_is_the_p_value_of_the_best_window() -> None:
    layout = layout_of(coded("c", [5_000, 3_000, 2_000]))
    rule = MultiWindow(layout, None, Rule(budget=1e-300))
    rows = np.array([[[100, 60, 40]], [[80, 70, 50]], [[70, 80, 50]]])
    panes = panes_of(layout, rows)
    _, evidence, _ = rule.step(rule.start(), panes[-1][0], panes[-1][1], history_of(panes))
    p = [chi2_contingency([[5_000, 3_000, 2_000], rows[-w:, 0].sum(0)], correction=False).pvalue for w in (1, 2, 3)]
    assert evidence[0] == pytest.approx(-np.log(min(p)), rel=0.01)
    assert evidence[1] == 0


def test_a_window_never_reaches_back_behind_the_last_finding_and_the_state_is_kept() -> None:
    layout = layout_of(coded("c", [5_000, 5_000]))
    rule = MultiWindow(layout, None, Rule())
    panes = panes_of(layout, np.array([[[100, 900]], [[500, 500]]]))
    state, evidence, (finding,) = rule.step(rule.start(), *panes[0], history_of(panes[:1]))
    assert evidence[0] >= rule.bound
    assert finding.onset_ms == START_MS
    state = WindowState.from_bytes(state.to_bytes())
    _, evidence, found = rule.step(state, *panes[1], history_of(panes))
    assert evidence[0] < 1
    assert found == []


def test_too_few_events_are_no_evidence() -> None:
    layout = layout_of(coded("c", [5_000, 5_000]))
    rule = MultiWindow(layout, None, Rule())
    cells = cells_of(layout, [[0, 15]])
    _, evidence, found = rule.step(rule.start(), START_MS, cells, lambda _: [(START_MS, cells)])
    assert evidence[0] == 0
    assert found == []


def test_half_the_volume_is_found() -> None:
    rng = np.random.default_rng(3)
    layout, season = seasoned(normal_counts(rng, 400, independent(rng, 1)))
    (_, finding), *_ = run(
        MultiWindow(layout, season, Rule()), panes_of(layout, normal_counts(rng, 200, np.zeros((2, 1))))
    )
    assert (finding.what, finding.severity) == ("volume", "page")


def test_bytes_that_are_no_state_are_refused() -> None:
    with pytest.raises(ValueError, match="start the rule anew"):
        WindowState.from_bytes(b"\x02\x00short")
