"""The two series of a model: its outcomes by prediction time, and by label time."""

from dataclasses import dataclass

from runtime.watched import Watched
from runtime.windows.rules import Rules
from schemas.monitor import Monitor
from schemas.outcome import By, Outcome
from services.performance.join.rows import SLACK_MS

_APART = "/"


def series(model: str, by: By) -> str:
    """What a series is named by."""
    return f"{by}{_APART}{model}"


def series_of(outcome: Outcome) -> str:
    """The series that an outcome belongs to."""
    return series(outcome.model, outcome.by)


def model_of(name: str) -> str:
    """The model of a series."""
    return name.partition(_APART)[2]


def companions(name: str) -> tuple[str]:
    """The model's other series: a pair belongs to both, whichever of its topics was read first."""
    by, _, model = name.partition(_APART)
    return (series(model, "prediction_time" if by == "label_time" else "label_time"),)


@dataclass(frozen=True)
class PerformanceRules(Rules):
    """What the windows of a series are, and the monitor that asks for them."""

    by: By
    monitor: Monitor


def rules(watched: Watched, name: str) -> PerformanceRules:
    """The rules of a series, as the model's monitor has them now."""
    by, _, model = name.partition(_APART)
    monitor = watched.monitor(model)
    asked = monitor.performance
    return PerformanceRules(
        windows=asked.windows,
        pane=asked.pane,
        lateness=asked.lateness,
        horizon=asked.horizon + SLACK_MS,  # as long as the join keeps a prediction
        idle=asked.idle,
        early=asked.early,
        segment_limit=monitor.segment_limit,
        by="label_time" if by == "label_time" else "prediction_time",
        monitor=monitor,
    )
