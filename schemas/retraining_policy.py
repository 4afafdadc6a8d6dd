"""When a model is to be trained anew: the part `retraining` of a monitor.

Time is event time throughout: policies decide on windows, which know no other.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, model_validator

from schemas.base import Identifier, Rate, Record
from schemas.outcome import By
from schemas.performance import PerformanceMetric
from schemas.windowing import DurationMs

DAY_MS = 86_400_000
Priority = Literal["low", "normal", "high"]
Verdict = Literal["detector", "concept"]
Score = Literal["psi", "psi_adj", "js", "kl", "linf", "ks", "wasserstein"]
Consecutive = Annotated[int, Field(ge=1, le=1_000)]


def _cron(expression: str) -> str:
    """A cron expression whose time comes. Raises ValueError."""
    try:
        next(CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        why = str(error) or "its time never comes"
        raise ValueError(f"{expression!r} is no cron expression: {why}; write for example 0 3 1 * *") from error
    return expression


Cron = Annotated[str, Field(pattern=r"^\s*\S+(\s+\S+){4}\s*$"), AfterValidator(_cron)]
"""Minute, hour, day of the month, month, day of the week; UTC."""


class Budget(Record):
    """So many requests of a policy within a stretch of time, at most."""

    requests: Annotated[int, Field(ge=1)]
    period: DurationMs


class _Policy(Record):
    name: Identifier
    priority: Priority = "normal"
    """Also which policy asks first where one window moves several."""
    cooldown: DurationMs = 7 * DAY_MS
    """After a request of this policy no policy asks for the model again within this time."""
    budget: Budget | None = None


class PerformancePolicy(_Policy):
    """A figure of labelled answers is beyond an absolute bound, or worse than the baseline's own figure."""

    kind: Literal["performance"]
    metric: PerformanceMetric
    above: float | None = None
    below: float | None = None
    drop: Annotated[float, Field(ge=0)] | None = None
    """Worse than the baseline by more than this, in the metric's own unit."""
    for_windows: Consecutive = 1
    """Consecutive windows beyond the bound."""
    sure: bool = True
    """Judge by the end of the 95 % interval that speaks for the model."""
    by: By = "prediction_time"
    window: DurationMs | None = None
    """Only windows of this size; without it the smallest size from a day on, else the largest."""
    min_labels: Annotated[int, Field(ge=1)] = 100
    min_coverage: Rate | None = None
    min_age: DurationMs | None = None
    override: bool = False
    """Ask in spite of the cooldown that a calendar or a volume policy left."""

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        if [self.above, self.below, self.drop].count(None) != 2:
            raise ValueError("a performance policy has one of 'above', 'below' and 'drop'")
        if self.by == "label_time" and (self.min_coverage is not None or self.min_age is not None):
            raise ValueError("windows by label time have neither coverage nor age: judge by prediction_time")
        return self


class DriftPolicy(_Policy):
    """Features drift, by the drift detector or by a score; or the concept detector found a change."""

    kind: Literal["drift"]
    signal: Verdict | Score = "detector"
    """detector, concept: from a finding until its incident is resolved."""
    above: float | None = None
    """Of a score: a feature drifts above this."""
    features: Annotated[int, Field(ge=1)] | None = None
    """At least so many of the `top` features; without this and `share`, one."""
    top: Annotated[int, Field(ge=1)] | None = None
    """The so many most important features; without it, the monitor's `top`."""
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    """At least this share of all features that can be judged, instead."""
    for_windows: Consecutive = 1
    """Consecutive windows, of a detector panes."""
    window: DurationMs | None = None
    """Of a score: only windows of this size; without it the smallest size from a day on, else the largest."""
    min_count: Annotated[int, Field(ge=0)] = 100
    """Of a score: features with fewer events are not judged."""
    override: bool = False
    """Ask in spite of the cooldown that a calendar or a volume policy left."""

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        verdict = self.signal in {"detector", "concept"}
        if verdict == (self.above is not None):
            raise ValueError("a score needs a bound, 'above'; the detectors have their own, and take none")
        if verdict and self.window is not None:
            raise ValueError("a detector has its own pane: leave out 'window'")
        if self.share is not None and (self.features is not None or self.top is not None):
            raise ValueError("give either 'share', of all features, or 'features' of the 'top' ones")
        if self.signal == "concept" and (self.features, self.top, self.share) != (None, None, None):
            raise ValueError("the concept detector judges no features: leave out 'features', 'top' and 'share'")
        if self.top is not None and (self.features or 1) > self.top:
            raise ValueError("'features' are at most 'top'")
        return self


class VolumePolicy(_Policy):
    """So many labels came since the model's last request, or since the version's first."""

    kind: Literal["volume"]
    labels: Annotated[int, Field(ge=1)]
    window: DurationMs | None = None
    """Count in windows of this size; without it, of the smallest."""


class CalendarPolicy(_Policy):
    """At fixed times, as a floor: a time that a cooldown, a budget or a snooze holds back lapses."""

    kind: Literal["calendar"]
    cron: Cron


RetrainingPolicy = Annotated[
    PerformancePolicy | DriftPolicy | VolumePolicy | CalendarPolicy, Field(discriminator="kind")
]
