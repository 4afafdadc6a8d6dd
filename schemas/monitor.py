"""Topic `monitors`: how one model is watched. Written by `driftline apply`; the newest per model holds."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Identifier, Record
from schemas.performance import Performance
from schemas.retraining_policy import RetrainingPolicy
from schemas.training import Training
from schemas.windowing import DurationMs, WindowSpec, levels_ms

FeatureMetric = Literal[
    "psi",
    "psi_adj",
    "js",
    "kl",
    "linf",
    "ks",
    "wasserstein",
    "mean_shift",
    "missing_rate",
    "unseen_rate",
    "out_of_range_rate",
]
ModelMetric = Literal[
    "volume",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "rate_4xx",
    "rate_5xx",
    "violation_rate",
    "prediction_psi",
    "prediction_week_psi",
    "score_psi",
]
Severity = Literal["message", "page"]


class Threshold(Record):
    """A plain rule on final windows: an incident is open while `metric` is above `above`, or below `below`."""

    name: Identifier
    metric: FeatureMetric | ModelMetric
    above: float | None = None
    below: float | None = None
    page: float | None = None
    """Beyond this further bound the incident pages; without it, it stays a message."""
    window: DurationMs | None = None
    """Only windows of this size; without it, windows of every size."""
    features: tuple[Identifier, ...] | None = None
    """Only these features; without it, every feature. Does not apply to metrics of the whole model."""
    segments: bool = False
    """Also judge each segment by itself."""
    min_count: Annotated[int, Field(ge=0)] = 100
    """Windows with fewer events are not judged."""
    resolve_after: Annotated[int, Field(ge=1)] = 1
    """Consecutive windows in order after which the incident is resolved."""
    while_learning: bool = False
    """Judge only while the detector is learning, and has no verdict to give yet."""

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("a threshold has either 'above' or 'below'")
        if self.page is not None and (
            (self.above is not None and self.page < self.above) or (self.below is not None and self.page > self.below)
        ):
            raise ValueError("'page' must lie beyond the threshold's own bound")
        return self


DEFAULT_THRESHOLDS = (
    Threshold(name="missing", metric="missing_rate", above=0.2, page=0.5),
    Threshold(name="errors", metric="rate_5xx", above=0.02, page=0.05),
)
LEARNING_THRESHOLDS = (
    Threshold(name="drift", metric="psi_adj", above=0.2, page=0.5, min_count=300, while_learning=True),
    Threshold(
        name="prediction-drift", metric="prediction_psi", above=0.2, page=0.5, min_count=300, while_learning=True
    ),
)
"""Large drifts are told although the detector is still learning; a threshold of the same name takes their place."""
HOUR_MS = 3_600_000
_SHORTEST_PANE_MS = 1_000


class Detector(Record):
    """The drift detector: how often it may be wrong, and what is worth a message or a page."""

    rule: Literal["e-sr", "windows", "off"] = "e-sr"
    """e-sr: evidence that stays valid however often one looks (docs/statistics.md). windows: chi-square over 1, 2, 4 to
    128 panes. off: thresholds alone."""
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """False alarms a model and month, at most, over all features and all looks."""
    pane: DurationMs | None = None
    """Steps once a window of this size; without it the smallest size from an hour on, else the largest."""
    message: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.02
    """Least effect (adjusted PSI since the onset) that is told."""
    page: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    """Effect from which the incident pages."""
    resolve_after: Annotated[int, Field(ge=1)] = 24
    """Quiet panes after which the incident is resolved, and a new one may open."""
    burn_in: DurationMs = 604_800_000
    """Without time-stamped training rows, production teaches the seasons for so long before the first verdict."""


class Monitor(Record):
    """How a model is watched. A name is enough; everything else has a default."""

    schema_: Literal["driftline.monitor/1"] = Field("driftline.monitor/1", alias="schema")
    model: Identifier
    pane: DurationMs = 60_000
    """Size of the smallest statistic kept; every window's slide is a multiple."""
    windows: Annotated[tuple[WindowSpec, ...], Field(min_length=1)] = (
        WindowSpec(size=300_000),
        WindowSpec(size=3_600_000, slide=300_000),
        WindowSpec(size=86_400_000, slide=3_600_000),
        WindowSpec(size=604_800_000, slide=86_400_000),
    )
    lateness: DurationMs = 60_000
    """A window closes when every source partition has passed its end by this much event time."""
    horizon: DurationMs = 21_600_000
    """Events later than this (event time) are in no window, only in the ledger's `late`."""
    idle: DurationMs = 30_000
    """A partition that is read to its end and silent for so long (wall time) no longer holds windows open."""
    early: DurationMs = 1_000
    """Open windows are published again at most this often (wall time)."""
    segments: tuple[Identifier, ...] | None = None
    """Segment dimensions to watch; without it all that events carry, () for none."""
    segment_limit: Annotated[int, Field(ge=1, le=1_000)] = 50
    """Values kept apart in each dimension; further ones count as `__other__`."""
    classes: tuple[str, ...] | None = None
    """The classes the model can predict; another is dead-lettered. Without this, it is counted as unseen."""
    learn: Annotated[int, Field(ge=500)] = 10_000
    """Without a baseline, learn one from the first so many events."""
    strict: bool = False
    """Dead-letter events of versions that have no baseline, rather than watch them without."""
    detector: Detector = Detector()
    performance: Performance = Performance()
    """How its answers are judged once labels come."""
    thresholds: tuple[Threshold, ...] = DEFAULT_THRESHOLDS
    """Of several with one name, the first that covers a feature decides for it: exceptions go before the rule."""
    retraining: tuple[RetrainingPolicy, ...] = ()
    """When a new candidate is asked for; without policies only people ask."""
    training: Training = Training()
    """How a candidate is made and what it must pass."""
    top: Annotated[int, Field(ge=1)] = 5
    """How many of the most important features are named first."""
    units: dict[Identifier, Annotated[str, Field(max_length=40)]] = {}
    """By feature, the unit that alerts speak in, such as `miles`."""

    @model_validator(mode="after")
    def _windows_fit(self) -> Self:
        sizes = [window.size for window in self.windows]
        if len(set(sizes)) < len(sizes):
            raise ValueError("two windows have the same size: a window is named by size and start")
        if any(window.slide_ms % self.pane for window in self.windows):
            raise ValueError("every window's slide must be a multiple of the pane: give 'windows' that fit it")
        if self.detector.pane is not None and self.detector.pane not in sizes:
            raise ValueError("the detector's pane must be the size of one of the 'windows'")
        for threshold in self.thresholds:
            if threshold.window is not None and threshold.window not in sizes:
                raise ValueError(f"threshold {threshold.name!r} judges windows of a size that 'windows' does not have")
        return self

    @model_validator(mode="after")
    def _policies_fit(self) -> Self:
        names = [policy.name for policy in self.retraining]
        if len(set(names)) < len(names):
            raise ValueError("two retraining policies have the same name: cooldowns and budgets go by it")
        for policy in self.retraining:
            windows = self.windows if policy.kind == "drift" else self.performance.windows
            wanted = None if policy.kind == "calendar" else policy.window
            if wanted is not None and wanted not in {spec.size for spec in windows}:
                raise ValueError(f"retraining policy {policy.name!r} reads windows of a size that is not made")
            if policy.kind == "drift" and policy.top is None and (policy.features or 1) > self.top:
                raise ValueError(f"retraining policy {policy.name!r} asks for more 'features' than 'top'")
        return self

    @property
    def levels_ms(self) -> tuple[int, ...]:
        """The distinct slides of the windows."""
        return levels_ms(self.windows)

    @property
    def rules(self) -> tuple[Threshold, ...]:
        """The thresholds, and those that hold the watch while the detector learns."""
        named = {threshold.name for threshold in self.thresholds}
        return (*self.thresholds, *(rule for rule in LEARNING_THRESHOLDS if rule.name not in named))

    @property
    def detects(self) -> bool:
        """Whether the detector runs: it is not off, and its pane is a second or longer."""
        return self.detector.rule != "off" and self.detector_pane_ms >= _SHORTEST_PANE_MS

    @property
    def detector_pane_ms(self) -> int:
        """The size of the windows that the detector steps on."""
        sizes = [window.size for window in self.windows]
        return self.detector.pane or min((size for size in sizes if size >= HOUR_MS), default=max(sizes))
