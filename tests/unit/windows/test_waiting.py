"""What is too late, and what is forgotten, where two series wait for each other."""

from typing import Any

from runtime.windows.rows import key_of
from tests.unit.windows.outcomes import RULES, T0, Tier, finals, mark, outcome

DAY_MS = 86_400_000
OTHER = {"label_time/m": ("prediction_time/m",), "prediction_time/m": ("label_time/m",)}
WEEK = 7 * 24 * 60


def waiting() -> Tier:
    """A tier whose series wait for each other."""
    return Tier({"companions": lambda series: OTHER[series]})


def kinds(tier: Tier) -> list[Any]:
    """Starts of the sum rows by prediction time, in minutes."""
    found = [key for key in tier.rows if key.startswith(key_of("sum", "prediction_time/m")[:-1])]
    return sorted((int(key.decode().rstrip("]").rsplit(",", 1)[1]) - T0) // 60_000 for key in found)


def test_predictions_read_weeks_ahead_of_their_labels_lose_none() -> None:
    """A backlog: the watermark of predictions has passed the horizon many times over before the first label is read."""
    tier = waiting()
    tier.take(outcome("prediction_time", 0, 10, (0, 0), (3 * WEEK, 0)), mark(0, 10))
    labels = outcome("label_time", 10, 20, (30, 5))
    windows = tier.take(
        labels, outcome("prediction_time", 10, 20, (0, 5), (3 * WEEK, 0)), mark(10, 20, wall_ms=T0 + RULES.early)
    )
    assert finals(windows, "prediction_time")[0] == 5
    assert tier.ledger == []


def test_labels_read_weeks_ahead_of_their_predictions_lose_none() -> None:
    tier = waiting()
    tier.take(outcome("label_time", 0, 10, (3 * WEEK, 1)), mark(0, 10))
    windows = tier.take(
        outcome("prediction_time", 10, 20, (0, 5), (2, 0)),
        outcome("label_time", 10, 20, (1, 5), (3 * WEEK, 0)),
        mark(10, 20, wall_ms=T0 + RULES.early),
    )
    assert finals(windows, "label_time")[1] == 5


def test_what_both_have_passed_is_forgotten_and_too_late() -> None:
    tier = waiting()
    for start, minute in ((0, 0), (10, 3 * WEEK), (20, 6 * WEEK)):
        for by in ("prediction_time", "label_time"):
            tier.take(outcome(by, start, start + 10, (minute, 1)))
        tier.take(mark(start, start + 10))
    assert kinds(tier) == [6 * WEEK]
    tier.take(outcome("prediction_time", 30, 40, (0, 4)))
    assert len(tier.ledger) == 1


def test_without_labels_what_all_had_read_a_day_ago_is_forgotten_too() -> None:
    """Memory stays bounded though labels never come; the clock is that of the marks."""
    tier = waiting()
    tier.take(outcome("prediction_time", 0, 10, (0, 1)), mark(0, 10))
    for day in range(1, 5):
        start, minute = 10 * day, 3 * WEEK * day
        at_end = mark(start, start + 10, wall_ms=T0 + day * DAY_MS).model_copy(update={"caught_up": True})
        tier.take(outcome("prediction_time", start, start + 10, (minute, 1), wall_ms=T0 + day * DAY_MS), at_end)
    assert kinds(tier) == [9 * WEEK, 12 * WEEK]


def test_rows_of_a_correction_that_waits_for_its_turn_are_kept() -> None:
    """Corrections wait by wall time, rows are forgotten by event time: a fast replay must not lose the rows before."""
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, (0, 5), (2, 0)), mark(0, 10))
    tier.take(outcome("prediction_time", 10, 20, (0, 1), (2, 0)))
    tier.take(outcome("prediction_time", 20, 30, (6 * WEEK, 1)), mark(10, 30, wall_ms=T0 + 1))
    assert 0 in kinds(tier)
    windows = tier.take(mark(30, 30, wall_ms=T0 + RULES.early))
    assert [(w["minute"], w["n"]) for w in windows if w["correction"]] == [(0, 6)]
