"""What is found: the right row, kind, onset and effect; and what must not be found."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from stats.baseline import build_column
from stats.detector.detector import Detector, Finding, Rule
from stats.layout import Layout
from stats.reference import Reference
from tests.unit.detector.worlds import (
    BINS,
    HOUR_MS,
    START_MS,
    cells_of,
    coded,
    detector_of,
    independent,
    layout_of,
    normal_counts,
    numeric,
    panes_of,
    run,
)


def first_of(layout: Layout, rows: ArrayLike) -> tuple[int, Finding]:
    """The first finding in panes of these counts."""
    return run(Detector(layout, None, Rule()), panes_of(layout, np.asarray(rows)))[0]


def test_a_shift_is_found_with_its_row_onset_effect_and_cells() -> None:
    rng = np.random.default_rng(1)
    layout, detector = detector_of(normal_counts(rng, 1_000, independent(rng, 4)))
    level = np.zeros((120, 4))
    level[70:, 2] = 0.4
    panes = panes_of(layout, normal_counts(rng, 1_000, level))
    pane, finding = run(detector, panes)[0]
    since = [cells for start, cells in panes[: pane + 1] if start >= finding.onset_ms]
    assert detector.watched.names[finding.place] == ("feature", "x2")
    assert (finding.onset_ms - START_MS) // HOUR_MS == 70
    assert pane <= 72
    assert finding.what == "shape"
    assert finding.severity == "page"
    assert finding.effect == pytest.approx(0.16, abs=0.06), "PSI of a shift by δσ is about δ²"
    assert finding.log_e >= detector.bound
    assert finding.n == 1_000 * len(since)
    assert np.array_equal(finding.cells, np.sum(since, axis=0))
    assert finding.expected.sum() == pytest.approx(1)


def test_a_slow_drift_is_dated_near_its_onset_though_found_days_later() -> None:
    rng = np.random.default_rng(2)
    layout, detector = detector_of(normal_counts(rng, 200, independent(rng, 1)))
    level = np.zeros((300, 1))
    level[200:] = 0.2
    pane, finding = run(detector, panes_of(layout, normal_counts(rng, 200, level)))[0]
    assert pane > 202
    assert abs((finding.onset_ms - START_MS) // HOUR_MS - 200) <= 12


def test_missing_values_rising_from_one_in_a_thousand_to_four_percent_are_found_as_missing() -> None:
    rng = np.random.default_rng(3)
    usual = [0, *[4_995] * 20, 0, 0, 0][:BINS]
    layout = layout_of(numeric("x", [*usual, 100]))
    shares = np.array([*usual, 0.0])
    shares[:BINS] *= 0.96 / shares.sum()
    shares[BINS] = 0.04
    _, finding = first_of(layout, rng.multinomial(1_000, shares, size=(4, 1)))
    assert (finding.what, finding.severity) == ("missing", "message")
    assert finding.effect == pytest.approx(0.039, abs=0.015)


def test_infinities_where_there_were_none_are_found_as_non_finite() -> None:
    layout = layout_of(numeric("x", [5_000] * BINS))
    _, finding = first_of(layout, [[[40] * BINS + [0, 120]]] * 3)
    assert (finding.what, finding.severity) == ("nonfinite", "page")


CATEGORIES = [60_000, 30_000, 9_000, 900, 90, 10]


@pytest.mark.parametrize(
    ("shares", "what"),
    [
        ([0.58, 0.30, 0.09, 0.01, 0.0, 0.0, 0.02, 0.0], "unseen"),
        ([0.60, 0.30, 0.06, 0.01, 0.03, 0.0, 0.0, 0.0], "shape"),
        ([0.60, 0.30, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0], "shape"),
        ([0.30, 0.60, 0.09, 0.01, 0.0, 0.0, 0.0, 0.0], "shape"),
    ],
    ids=["unseen values", "a rare category", "one category becomes another", "two swap"],
)
def test_categories_that_change_are_found_within_a_day(shares: list[float], what: str) -> None:
    rng = np.random.default_rng(4)
    layout = layout_of(coded("c", CATEGORIES, width=5, rest=("r",)))
    pane, finding = first_of(layout, rng.multinomial(500, shares, size=(24, 1)))
    assert pane < 24
    assert finding.what == what


def test_many_rare_categories_as_in_the_reference_are_no_finding() -> None:
    rng = np.random.default_rng(5)
    shares = 1 / np.arange(1, 101) ** 1.5
    shares /= shares.sum()
    layout = layout_of(coded("c", rng.multinomial(50_000, shares)))
    panes = panes_of(layout, rng.multinomial(300, shares, size=(720, 1)))
    assert run(Detector(layout, None, Rule()), panes) == []


@pytest.mark.parametrize("rows", [1_000, 1_000_000])
@pytest.mark.parametrize("n", [1, 10, 1_000])
def test_one_event_in_a_cell_never_seen_is_no_evidence_by_itself(rows: int, n: int) -> None:
    layout = layout_of(coded("c", [rows // 2, rows // 2]))
    detector = Detector(layout, None, Rule())
    half = (n - 1) // 2
    cells = cells_of(layout, [[n - 1 - half, half, 0, 1, 0]])
    _, log_e, found = detector.step(detector.start(), START_MS, cells, lambda _: [(START_MS, cells)])
    assert log_e[0] < detector.bound
    assert found == []


def test_evidence_without_an_effect_worth_a_message_is_not_told() -> None:
    rng = np.random.default_rng(6)
    layout, detector = detector_of(normal_counts(rng, 20_000, independent(rng, 1)))
    panes = panes_of(layout, normal_counts(rng, 20_000, np.full((30, 1), 0.132)))
    state, asked = detector.start(), 0
    for i, (start_ms, cells) in enumerate(panes):
        state, log_e, found = detector.step(
            state, start_ms, cells, lambda since, i=i: [pane for pane in panes[: i + 1] if pane[0] >= since]
        )
        asked += bool(log_e[0] >= detector.bound)
        assert found == [], "PSI of 0.13σ is 0.017"
    assert asked > 0, "the evidence itself is beyond the bound"


def test_a_row_that_was_found_starts_anew_and_is_found_again_while_it_lasts() -> None:
    rng = np.random.default_rng(7)
    layout, detector = detector_of(normal_counts(rng, 500, independent(rng, 2)))
    level = np.zeros((30, 2))
    level[:, 0] = 0.5
    found = run(detector, panes_of(layout, normal_counts(rng, 500, level)))
    assert {finding.place for _, finding in found} == {0}
    assert len(found) > 2
    onsets = [finding.onset_ms for _, finding in found]
    assert onsets == sorted(set(onsets)), "each finding is of panes after the one before"


def test_half_the_volume_is_found_and_a_tenth_less_is_not() -> None:
    rng = np.random.default_rng(8)
    n = rng.poisson(400, 720)
    reference = np.array([normal_counts(rng, k, np.zeros((1, 1)))[0] for k in n])
    layout, detector = detector_of(reference)

    def found(mean: float) -> list[tuple[int, Finding]]:
        counts = [normal_counts(rng, k, np.zeros((1, 1)))[0] for k in rng.poisson(mean, 48)]
        return run(detector, panes_of(layout, np.array(counts)))

    pane, finding = found(200)[0]
    assert pane == 0
    assert (finding.what, finding.severity) == ("volume", "message" if finding.effect < 0.5 else "page")
    assert finding.effect == pytest.approx(0.5, abs=0.1)
    assert finding.expected == pytest.approx([400], rel=0.05)
    assert found(2_000)[0][1].severity == "page"
    assert found(370) == []


def test_volume_that_varies_by_itself_is_no_finding_and_half_of_it_is() -> None:
    rng = np.random.default_rng(12)
    usual = 1_000 * (1 + 0.8 * np.sin(2 * np.pi * np.arange(720) / 24))

    def counts(mean: np.ndarray) -> np.ndarray:
        n = rng.poisson(mean * np.exp(0.3 * rng.normal(size=mean.size)))
        return np.array([normal_counts(rng, k, np.zeros((1, 1)))[0] for k in n])

    layout, detector = detector_of(counts(usual))
    assert run(detector, panes_of(layout, counts(usual))) == []
    (_, finding), *_ = run(detector, panes_of(layout, counts(usual[:72] / 2)))
    assert (finding.what, finding.effect) == ("volume", pytest.approx(0.5, abs=0.15))


def test_a_pane_of_a_few_minutes_expects_its_part_of_the_hours_volume() -> None:
    rng = np.random.default_rng(9)
    reference = normal_counts(rng, 1_200, independent(rng, 1))
    layout, detector = detector_of(reference, Rule(pane_ms=HOUR_MS // 12))
    quiet = normal_counts(rng, 100, np.zeros((60, 1)))
    assert run(detector, panes_of(layout, quiet, pane_ms=HOUR_MS // 12)) == []
    found = run(detector, panes_of(layout, quiet[:, :, :] // 2, pane_ms=HOUR_MS // 12))
    assert "volume" in {finding.what for _, finding in found}


def test_without_a_season_volume_is_not_judged() -> None:
    rng = np.random.default_rng(10)
    layout = layout_of(numeric("x", normal_counts(rng, 100_000, np.zeros((1, 1)))[0, 0]))
    detector = Detector(layout, None, Rule())
    panes = panes_of(layout, normal_counts(rng, 40, np.zeros((50, 1))))
    state = detector.start()
    for start_ms, cells in panes:
        state, log_e, _ = detector.step(state, start_ms, cells, lambda _: panes)
        assert log_e[-1] == -np.inf


def test_a_loss_of_confidence_is_found_though_the_scores_mean_stays() -> None:
    edges = tuple(np.linspace(0.05, 0.95, 19))
    outer = [900, 400, 100, 50, 30, 20, 10, 10, 10, 10]
    layout = layout_of(numeric("score", [*outer, *outer[::-1]], "score", edges))
    rng = np.random.default_rng(11)
    flat = np.array([0.2, 0.12, 0.06, 0.04, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01])
    found = run(Detector(layout, None, Rule()), panes_of(layout, rng.multinomial(300, [*flat, *flat[::-1]], (24, 1))))
    assert ("shape", 1) in {(finding.what, finding.place) for _, finding in found}


def test_values_as_rare_as_those_that_training_met_once_are_expected_to_bring_new_ones() -> None:
    """A long tail of categories: training of 100,000 rows has many values once, so production brings others yet.

    Before these were expected, 100 such columns raised 8 false alarms a month.
    """
    rng = np.random.default_rng(11)
    weight = 1 / np.arange(1, 1_001) ** 1.9
    share = weight / weight.sum()
    drawn = [str(value) for value in rng.choice(1_000, 100_000, p=share)]
    column = build_column("c", "feature", "categorical", drawn)
    layout = Layout(Reference((column,)))
    detector = Detector(layout, None, Rule())
    cell = np.array([column.codes.get(str(value), column.unlisted) for value in range(1_000)])
    by_cell = np.bincount(cell, share, len(column.categories) + 3)
    assert by_cell[-2] > 5e-4, "values that training never met"
    assert detector.watched.reference[0, -1] == column.seen_once > 50
    panes = panes_of(layout, rng.multinomial(200, by_cell, size=(1_500, 1)))
    assert run(detector, panes) == []
    sudden = np.where(np.arange(by_cell.size) == by_cell.size - 2, 0.03, 0) + 0.97 * by_cell
    assert run(detector, panes_of(layout, rng.multinomial(200, sudden, size=(60, 1)))), "3 % are not expected"
