"""How the demo's model is watched."""

from driftline.demo.flights import CATEGORICAL
from driftline.demo.model import MODEL
from schemas.monitor import Monitor, Threshold, WindowSpec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

SCHEDULE = (*CATEGORICAL, "hour", "minute", "distance", "seats", "plane_year")
"""The airlines' choices, which change slowly. The weather changes with the season, and is judged otherwise."""

FULL_WEEK = 5_600
"""A whole week has 5,900 flights and more; one with fewer would be judged for the days it lacks."""

THRESHOLDS = (
    Threshold(name="schedule-drift", metric="psi_adj", above=0.1, page=0.25, window=WEEK_MS, min_count=FULL_WEEK,
              features=SCHEDULE),
    Threshold(name="outside-training", metric="out_of_range_rate", above=0.2, page=0.8, window=WEEK_MS,
              min_count=FULL_WEEK, resolve_after=3),
    Threshold(name="prediction-drift", metric="prediction_psi", above=0.1, page=0.5, window=WEEK_MS,
              min_count=FULL_WEEK, resolve_after=3),
    Threshold(name="score-drift", metric="score_psi", above=0.3, page=1.0, window=WEEK_MS, min_count=FULL_WEEK,
              resolve_after=3),
    Threshold(name="missing", metric="missing_rate", above=0.5, page=0.9, window=DAY_MS,
              features=("temp", "visib", "seats", "plane_year")),
    Threshold(name="errors", metric="rate_5xx", above=0.02, page=0.05, window=DAY_MS),
    Threshold(name="slow-answers", metric="latency_p95_ms", above=80, page=200, window=DAY_MS),
)  # fmt: skip


def monitor(speed: float) -> Monitor:
    """The monitor for a replay `speed` times faster than real time (infinite: as fast as it goes)."""
    return Monitor(
        model=MODEL,
        pane=HOUR_MS,
        windows=(WindowSpec(size=DAY_MS), WindowSpec(size=WEEK_MS, slide=DAY_MS)),
        lateness=HOUR_MS,
        idle=idle_ms(speed),
        segments=("origin",),
        classes=("late", "on-time"),
        thresholds=THRESHOLDS,
    )


def idle_ms(speed: float) -> int:
    """Wall time after which a silent partition holds no window open: longer than a replayed night, and at least 5 s."""
    return max(5_000, round(12 * HOUR_MS / speed))
