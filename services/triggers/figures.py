"""The table from a threshold's metric to the figures of a window that it judges."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import get_args

from schemas.monitor import FeatureMetric, ModelMetric
from schemas.window import ColumnWindow, Drift, Window

COLUMN_SCORES = tuple(
    name
    for name, info in ColumnWindow.model_fields.items()
    if info.annotation in (float, float | None) and name != "importance"
)
"""Numbers of a column that go into an alert's evidence beside the figure that decided."""

UNCOUNTED: frozenset[str] = frozenset({"volume"})
"""Metrics to which `min_count` does not apply: few events are what they are about."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that can be held against a bound.

    `feature` is None for figures of the whole model; `n` is how many events the number was made from; `score`
    holds further numbers of the same feature or window, by name. Rates are shares (0 to 1), latencies in ms.
    """

    feature: str | None
    value: float
    n: int
    score: Mapping[str, float] = field(default_factory=dict)


Reading = Callable[[Window], Iterator[Figure]]


def _finite(named: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float(value) for name, value in named.items() if value is not None and math.isfinite(value)}


def _scores(drift: Drift) -> dict[str, float]:
    return _finite({name: getattr(drift, name, None) for name in COLUMN_SCORES})


def _of_features(metric: str, window: Window) -> Iterator[Figure]:
    for name, column in window.features.items():
        score = _scores(column)
        if column.outcome == "ok" and metric in score:
            yield Figure(name, score[metric], column.n, score)


def _psi_of(column: str, window: Window) -> Iterator[Figure]:
    drift: Drift | None = getattr(window, column)
    if drift is not None and drift.outcome == "ok":
        score = _scores(drift)
        if "psi" in score:
            yield Figure(None, score["psi"], drift.n, score)


def _volume(window: Window) -> Iterator[Figure]:
    yield Figure(None, window.n, window.n)


def _latency(quantile: str, window: Window) -> Iterator[Figure]:
    quantiles = _finite(window.latency_ms.model_dump(include={"p50", "p95", "p99"}))
    if quantile in quantiles:
        score = {f"latency_{name}_ms": value for name, value in quantiles.items()}
        yield Figure(None, quantiles[quantile], window.latency_ms.n, score)


def _status_rate(status: str, window: Window) -> Iterator[Figure]:
    answered = sum(count for name, count in window.status.items() if name != "none")
    if answered:
        score = {f"rate_{name}": window.status.get(name, 0) / answered for name in ("4xx", "5xx")}
        yield Figure(None, window.status.get(status, 0) / answered, answered, score)


def _violation_rate(window: Window) -> Iterator[Figure]:
    broken = sum(window.violations.values())
    if arrived := window.n + broken:
        score = {f"violations_{reason}": float(count) for reason, count in window.violations.items()}
        yield Figure(None, broken / arrived, arrived, score)


_MODEL_READINGS: Mapping[str, Reading] = {
    "volume": _volume,
    "latency_p50_ms": partial(_latency, "p50"),
    "latency_p95_ms": partial(_latency, "p95"),
    "latency_p99_ms": partial(_latency, "p99"),
    "rate_4xx": partial(_status_rate, "4xx"),
    "rate_5xx": partial(_status_rate, "5xx"),
    "violation_rate": _violation_rate,
    "prediction_psi": partial(_psi_of, "prediction"),
    "prediction_week_psi": partial(_psi_of, "prediction_week"),
    "score_psi": partial(_psi_of, "score"),
}

READINGS: Mapping[str, Reading] = MappingProxyType(
    {metric: partial(_of_features, metric) for metric in get_args(FeatureMetric)}
    | {metric: _MODEL_READINGS[metric] for metric in get_args(ModelMetric)}
)
"""By metric: the figures that can be judged. What has too little data or no baseline is not among them."""
