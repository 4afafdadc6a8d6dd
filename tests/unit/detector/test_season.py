"""What a season explains, and what it must not hide."""

import numpy as np
import pytest

from stats.detector.detector import Detector, Rule
from stats.detector.inflation import inflation
from stats.detector.season import Season, learn
from stats.detector.volume import smoothed_means
from stats.layout import Layout
from tests.unit.detector.worlds import (
    HOUR_MS,
    HOURS,
    START_MS,
    Pane,
    cells_of,
    history_of,
    independent,
    layout_of,
    normal_counts,
    normal_layout,
    numeric,
    panes_of,
    run,
    seasonal,
    seasoned,
)


def test_a_daily_and_weekly_season_is_no_finding_with_it_and_one_without() -> None:
    rng = np.random.default_rng(1)
    level = seasonal(rng, 3)
    layout, season = seasoned(normal_counts(rng, 1_000, level))
    panes = panes_of(layout, normal_counts(rng, 1_000, level))
    assert run(Detector(layout, season, Rule()), panes) == []
    without = run(Detector(layout, None, Rule()), panes[:168])
    assert {finding.place for _, finding in without} == {0}


def test_a_season_of_production_does_not_hide_a_shift_between_training_and_production() -> None:
    rng = np.random.default_rng(2)
    layout = normal_layout(normal_counts(rng, 1_000, independent(rng, 3)))
    shifted = seasonal(rng, 3) + np.array([0.3, 0.3, 0.0])
    season = learn(layout, panes_of(layout, normal_counts(rng, 1_000, shifted[:168])), HOUR_MS)
    panes = panes_of(layout, normal_counts(rng, 1_000, shifted[168:240]), START_MS + 168 * HOUR_MS)
    found = run(Detector(layout, season, Rule()), panes)
    assert {finding.place for _, finding in found} == {0, 1}


def test_seven_days_of_events_in_groups_teach_no_season_in_which_every_hour_is_special() -> None:
    """Each hour of the week is seen once: taken at its word, it would explain itself and nothing else."""
    rng = np.random.default_rng(12)
    layout = normal_layout(normal_counts(rng, 1_000, independent(rng, 4), repeats=5))
    week = normal_counts(rng, 1_000, np.zeros((168, 4)), repeats=5)
    season = learn(layout, panes_of(layout, week), HOUR_MS)
    panes = panes_of(layout, normal_counts(rng, 1_000, np.zeros((336, 4)), repeats=5))
    assert run(Detector(layout, season, Rule()), panes) == []


def test_a_season_tilts_the_references_shares_hour_by_hour() -> None:
    rng = np.random.default_rng(3)
    level = seasonal(rng, 3)
    layout, season = seasoned(normal_counts(rng, 2_000, level))
    expected = Detector(layout, season, Rule())._expected
    high, low = expected.at(6).p0[0], expected.at(18).p0[0]
    assert high[12:24].sum() - low[12:24].sum() == pytest.approx(0.16, abs=0.05), "0.4σ between wave's crest and trough"
    assert 0 in expected.seasonal


def test_a_long_pane_takes_all_the_hours_it_covers() -> None:
    rng = np.random.default_rng(4)
    level = seasonal(rng, 3)
    counts = normal_counts(rng, 500, level)
    layout, season = seasoned(counts)
    half_days = counts.reshape(-1, 12, *counts.shape[1:]).sum(1)
    panes = panes_of(layout, half_days, pane_ms=12 * HOUR_MS)
    detector = Detector(layout, season, Rule(pane_ms=12 * HOUR_MS))
    swapped = panes_of(layout, half_days, START_MS + 12 * HOUR_MS, 12 * HOUR_MS)
    assert most_evidence(detector, panes) < detector.bound
    assert most_evidence(detector, swapped) > 2 * detector.bound, "day and night in each other's place"


def most_evidence(detector: Detector, panes: list[Pane]) -> float:
    """The first row's, ever."""
    state, most = detector.start(), -np.inf
    for i, (start_ms, cells) in enumerate(panes):
        state, log_e, _ = detector.step(state, start_ms, cells, history_of(panes[: i + 1]))
        most = max(most, float(log_e[0]))
    return most


def test_a_season_is_stored_and_read_and_is_small() -> None:
    rng = np.random.default_rng(5)
    counts = normal_counts(rng, 1_000, independent(rng, 25))
    _, season = seasoned(counts)
    data = season.to_bytes()
    again = Season.from_bytes(data)
    assert len(data) <= 200_000
    assert again.counts.dtype == np.int64
    for name in ("counts", "panes", "volume", "dispersion"):
        assert np.array_equal(getattr(again, name), getattr(season, name))
    assert again.inflation == pytest.approx(season.inflation)
    assert (again.volume_inflation, again.days) == (season.volume_inflation, 30)
    assert again.to_bytes() == data


def test_panes_of_minutes_teach_the_season_of_their_hours() -> None:
    rng = np.random.default_rng(6)
    quarters = normal_counts(rng, 250, np.zeros((4 * 336, 2)))
    hours = quarters.reshape(336, 4, *quarters.shape[1:]).sum(1)
    layout = normal_layout(hours)
    of_quarters = learn(layout, panes_of(layout, quarters, pane_ms=HOUR_MS // 4), HOUR_MS // 4)
    of_hours = learn(layout, panes_of(layout, hours), HOUR_MS)
    assert of_quarters.to_bytes() == of_hours.to_bytes()


def test_panes_may_be_learned_in_any_order() -> None:
    rng = np.random.default_rng(7)
    counts = normal_counts(rng, 100, np.zeros((200, 2)))
    layout = normal_layout(counts)
    panes = panes_of(layout, counts)
    assert learn(layout, reversed(panes), HOUR_MS).to_bytes() == learn(layout, panes, HOUR_MS).to_bytes()


def test_no_pane_is_no_season() -> None:
    with pytest.raises(ValueError, match="give those of 7 days"):
        learn(Layout(None), [], HOUR_MS)


def test_a_season_of_another_baseline_is_refused() -> None:
    rng = np.random.default_rng(8)
    _, season = seasoned(normal_counts(rng, 100, np.zeros((48, 2))))
    with pytest.raises(ValueError, match="learn it again"):
        Detector(layout_of(numeric("x", [5] * 24)), season, Rule())


def test_independent_hours_are_hardly_inflated_and_grouped_events_are_by_their_number() -> None:
    rng = np.random.default_rng(9)
    _, once = seasoned(normal_counts(rng, 500, independent(rng, 5)))
    _, five = seasoned(normal_counts(rng, 500, independent(rng, 5), repeats=5))
    assert np.median(once.inflation) == 1
    assert np.median(five.inflation) == pytest.approx(5.5, abs=1)
    assert five.inflation.min() >= 1


def test_inflation_is_the_clear_excess_of_block_variance_with_one_standard_error_more() -> None:
    rng = np.random.default_rng(10)
    deviation = np.repeat(rng.normal(size=(120, 1)), 6, axis=0)
    (ratio,) = (deviation.reshape(120, 6).sum(1) ** 2).sum(keepdims=True) / 720
    assert inflation(deviation, np.ones((720, 1)), np.arange(720)) == pytest.approx(
        max(ratio * (1 + np.sqrt(2 / 120)), block_of_a_day(deviation))
    )
    assert inflation(rng.normal(size=(720, 1)), np.ones((720, 1)), np.arange(720)) <= 1.7
    assert inflation(5 * deviation[:4], np.ones((4, 1)), np.arange(4)) == 1, "four hours tell nothing"


def block_of_a_day(deviation: np.ndarray) -> float:
    return float((deviation.reshape(30, 24).sum(1) ** 2).sum() / 720 * (1 + np.sqrt(2 / 30)))


def test_volume_by_hour_follows_a_clear_season_and_ignores_chance() -> None:
    rng = np.random.default_rng(11)
    hour = np.arange(HOURS) % 168
    busy = np.where(hour % 24 < 12, 900.0, 300.0)
    means, seen = smoothed_means(rng.poisson(busy).astype(float), hour)
    assert means == pytest.approx(busy[:168], rel=0.15)
    assert seen.sum() == HOURS
    flat, _ = smoothed_means(rng.poisson(600, HOURS).astype(float), hour)
    assert flat == pytest.approx(np.full(168, 600), rel=0.05)


def test_volume_alone_can_be_learned_and_watched_without_a_reference() -> None:
    layout = Layout(None)
    vector = layout.zeros()
    vector[0] = 500
    panes = [(START_MS + i * HOUR_MS, vector) for i in range(336)]
    detector = Detector(layout, Season.from_bytes(learn(layout, panes, HOUR_MS).to_bytes()), Rule())
    assert run(detector, panes[:24]) == []
    gone = vector.copy()
    gone[0] = 100
    assert run(detector, [*panes[:3], (START_MS + 3 * HOUR_MS, gone)])[0][1].what == "volume"
    assert cells_of(layout, []).sum() == 0
