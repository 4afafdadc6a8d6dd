"""How a model's answers are watched, once labels come: the part `performance` of a monitor."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Identifier, Rate, Record
from schemas.outcome import By
from schemas.windowing import DurationMs, WindowSpec, levels_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LONGEST_HORIZON_MS = 90 * DAY_MS

PerformanceMetric = Literal[
    "accuracy",
    "precision",
    "recall",
    "f1",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "auc",
    "log_loss",
    "brier",
    "calibration_error",
    "mae",
    "rmse",
    "mape",
    "r2",
    "bias",
    "value",
    "coverage",
    "label_delay_p95_s",
]
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error", "mae", "rmse", "mape", "label_delay_p95_s"})
"""Metrics whose rise is for the worse; of all others it is their fall."""


class PerformanceThreshold(Record):
    """A plain rule on one figure of a window: an absolute bound, or a drop against the baseline's own figure."""

    name: Identifier
    metric: PerformanceMetric
    above: float | None = None
    below: float | None = None
    drop: Annotated[float, Field(ge=0)] | None = None
    """Worse than the baseline by more than this, in the metric's own unit; needs a baseline with labelled rows."""
    page: float | None = None
    """Beyond this further bound, or drop, the incident pages; without it, it stays a message."""
    sure: bool = True
    """Judge by the end of the 95 % interval that speaks for the model: chance alone does not open an incident."""
    by: By = "prediction_time"
    window: DurationMs | None = None
    """Only windows of this size; without it, windows of every size."""
    segments: bool = False
    """Also judge each segment by itself."""
    min_labels: Annotated[int, Field(ge=1)] = 100
    """Windows with fewer labels are not judged."""
    min_coverage: Rate | None = None
    """Windows where a smaller share of predictions has its label are not judged yet."""
    min_age: DurationMs | None = None
    """Windows are not judged before labels have been read that far (event time) beyond their end."""
    resolve_after: Annotated[int, Field(ge=1)] = 1
    """Consecutive windows within the bound after which the incident is resolved."""

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        given = [bound for bound in (self.above, self.below, self.drop) if bound is not None]
        if len(given) != 1:
            raise ValueError("a performance threshold has one of 'above', 'below' and 'drop'")
        if self.page is not None and (self.page > given[0] if self.below is not None else self.page < given[0]):
            raise ValueError("'page' must lie beyond the threshold's own bound")
        if self.by == "label_time" and (self.min_coverage is not None or self.min_age is not None):
            raise ValueError("windows by label time have neither coverage nor age: judge by prediction_time")
        return self


class Protected(Record):
    """An attribute that answers must not depend on: a segment's dimension, or a feature."""

    name: Identifier
    edges: tuple[float, ...] = ()
    """Of a numeric feature: rising; values form the groups `<= a`, `a - b`, `> b`."""
    against: str | None = None
    """The group of comparison; without it, the largest."""


class ConceptDetector(Record):
    """Whether errors rise, and whether the inputs explain it: evidence that stays valid however often one looks."""

    rule: Literal["e-sr", "off"] = "e-sr"
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """False alarms a model and month, at most, over all that is watched."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Rises of the error rate by less are not looked for; of a regression, relative rises of its mean error."""
    page: Annotated[float, Field(gt=0)] = 0.1
    """Rise of the error rate, or relative rise, from which the incident pages."""
    dispersion: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    """How many labels tell as much as one would by itself, at least: 5 where each comes five times. More is learned."""
    resolve_after: Annotated[int, Field(ge=1)] = 24
    """Quiet panes after which the incident is resolved, and a new one may open."""


class Fairness(Record):
    """Groups that are compared, and what difference is too much."""

    protected: tuple[Protected, ...] = ()
    favourable: str | None = None
    """The class that is good to get; without it, the last of the baseline's."""
    impact_ratio: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Selection rates below this share of the group of comparison's: the four-fifths rule, 29 CFR 1607.4 D."""
    odds_difference: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Greatest difference of true or false positive rates that is not told."""
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """False verdicts a model and month, at most, over all groups and windows."""
    min_count: Annotated[int, Field(ge=30)] = 100
    """Groups with fewer events are not compared."""


DEFAULT_PERFORMANCE_THRESHOLDS = (
    PerformanceThreshold(name="accuracy", metric="accuracy", drop=0.05, page=0.1, min_coverage=0.5, window=DAY_MS),
    PerformanceThreshold(name="auc", metric="auc", drop=0.05, page=0.1, min_coverage=0.5, window=DAY_MS),
)


class Performance(Record):
    """Windows of joined outcomes, and how they are judged. Every default is useful with labels within a week."""

    pane: DurationMs = HOUR_MS
    """Size of the smallest statistic kept; every window's slide is a multiple."""
    windows: Annotated[tuple[WindowSpec, ...], Field(min_length=1)] = (
        WindowSpec(size=HOUR_MS),
        WindowSpec(size=DAY_MS),
        WindowSpec(size=7 * DAY_MS, slide=DAY_MS),
    )
    horizon: Annotated[DurationMs, Field(le=LONGEST_HORIZON_MS)] = 7 * DAY_MS
    """A label later than this after its prediction (event time) is an orphan, and dead-lettered."""
    lateness: DurationMs = 60_000
    """A window closes when every source partition has passed its end by this much event time."""
    idle: DurationMs = 30_000
    """A partition that is read to its end and silent for so long (wall time) no longer holds windows open."""
    early: DurationMs = 5_000
    """A window with new labels is published again at most this often (wall time)."""
    thresholds: tuple[PerformanceThreshold, ...] = DEFAULT_PERFORMANCE_THRESHOLDS
    detector: ConceptDetector = ConceptDetector()
    fairness: Fairness = Fairness()
    min_labels: Annotated[int, Field(ge=1)] = 30
    """Figures of fewer labels are given as too few."""

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        sizes = [window.size for window in self.windows]
        if len(set(sizes)) < len(sizes):
            raise ValueError("two performance windows have the same size: a window is named by size and start")
        if any(window.slide_ms % self.pane for window in self.windows):
            raise ValueError("every performance window's slide must be a multiple of its pane")
        names = [attribute.name for attribute in self.fairness.protected]
        if len(set(names)) < len(names):
            raise ValueError("a protected attribute is named twice")
        return self

    @property
    def levels_ms(self) -> tuple[int, ...]:
        """The distinct slides of the windows."""
        return levels_ms(self.windows)

    @property
    def detector_pane_ms(self) -> int:
        """The size of the windows by label time that the concept detector steps on: the smallest from an hour on."""
        sizes = [window.size for window in self.windows]
        return min((size for size in sizes if size >= HOUR_MS), default=max(sizes))
