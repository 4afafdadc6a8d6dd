"""Hours of the week: UTC, counted from 1970-01-01T00:00, a Thursday."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_HOURS = 168


def hour_of_week(start_ms: int) -> int:
    """The hour of the week a time lies in, 0..167."""
    return start_ms // HOUR_MS % WEEK_HOURS


def hours_covered(pane_ms: int) -> int:
    """How many hours of the week a pane takes: 1 up to an hour, at most all 168."""
    return min(-(-pane_ms // HOUR_MS), WEEK_HOURS)
