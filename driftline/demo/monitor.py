"""How the demo's model is watched."""

from driftline.demo.model import MODEL, SEED, THRESHOLD
from schemas.monitor import Detector, Monitor, Threshold
from schemas.performance import Performance, PerformanceThreshold
from schemas.retraining_policy import PerformancePolicy, RetrainingPolicy
from schemas.training import Limits, SnapshotSpec, Training
from schemas.windowing import WindowSpec

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

THRESHOLDS = (
    Threshold(name="missing", metric="missing_rate", above=0.5, page=0.9, window=DAY_MS,
              features=("temp", "visib", "seats", "plane_year")),
    Threshold(name="errors", metric="rate_5xx", above=0.02, page=0.05, window=DAY_MS),
    Threshold(name="slow-answers", metric="latency_p95_ms", above=80, page=200, window=DAY_MS),
)  # fmt: skip
"""What no statistics are needed for; drift is the detector's, a step a day."""

ANSWERS = tuple(
    PerformanceThreshold(name=metric, metric=metric, drop=0.05, page=0.1, min_coverage=0.5, window=WEEK_MS)
    for metric in ("accuracy", "auc")
)
"""A bad day is the weather's; a bad week is told."""

DETECTOR = Detector(page=0.5)
"""The weather drifts with the seasons: that is told, and wakes nobody up before it is far from January's."""

POLICIES: tuple[RetrainingPolicy, ...] = (
    PerformancePolicy(
        kind="performance", name="accuracy", metric="accuracy", drop=0.05, window=WEEK_MS, min_coverage=0.5,
        cooldown=60 * DAY_MS,
    ),
)  # fmt: skip
"""A bad week asks for a new model, every two months at most."""

TRAINING = Training(
    parameters={"threshold": THRESHOLD},
    seed=SEED,
    snapshot=SnapshotSpec(lookback=90 * DAY_MS),
    limits=Limits(time=600_000),
    target=0.75,
)
"""The season's flights; the newest fifth judges."""

LABEL_HORIZON_MS = 3 * DAY_MS
"""The flight that took longest arrived 33 hours after it should have left."""

UNITS = {"distance": "miles", "temp": "°F", "wind_speed": "mph", "visib": "miles", "precip": "inches"}


def monitor(speed: float) -> Monitor:
    """The monitor for a replay `speed` times faster than real time (infinite: as fast as it goes)."""
    return Monitor(
        model=MODEL,
        pane=HOUR_MS,
        windows=(WindowSpec(size=DAY_MS), WindowSpec(size=WEEK_MS, slide=DAY_MS)),
        lateness=HOUR_MS,
        idle=idle_ms(speed),
        segments=("origin",),
        classes=("on-time", "late"),
        detector=DETECTOR,
        performance=Performance(
            pane=DAY_MS,
            windows=(WindowSpec(size=DAY_MS), WindowSpec(size=WEEK_MS, slide=DAY_MS)),
            horizon=LABEL_HORIZON_MS,
            lateness=HOUR_MS,
            idle=idle_ms(speed),
            thresholds=ANSWERS,
        ),
        thresholds=THRESHOLDS,
        retraining=POLICIES,
        training=TRAINING,
        units=UNITS,
    )


def idle_ms(speed: float) -> int:
    """Wall time after which a silent partition holds no window open: longer than a replayed night, and at least 5 s."""
    return max(5_000, round(12 * HOUR_MS / speed))
