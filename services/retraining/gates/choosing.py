"""Which of the candidates meets the model gate: the best by composite score on the validation rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from statistics import median
from typing import Final

import pyarrow as pa
from pydantic import JsonValue

from runtime.training.protocol import Answers
from schemas.comparison import Tried
from schemas.training import ModelRules, Training, Weights
from services.retraining.gates.metrics import primary_of
from services.retraining.gates.trial import flaw, own_rows, said, some, truth
from services.retraining.snapshot.split import answers_of
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout
from stats.retraining import paired
from stats.retraining.composite import Criterion, composite
from stats.retraining.paired import figure_of, metrics

LOSSES: Final = frozenset({"log_loss", "brier", "mae", "mse", "rmse", "mape"})
"""Figures whose ideal is 0; of the others it is 1."""
_COSTS: Final = {"latency_p99_ms": "latency", "size_bytes": "size", "train_s": "resources"}
"""Criteria beside quality, and their weights."""
_MEASURED: Final = ("latency_p99_ms", "train_s")


@dataclass(frozen=True, slots=True)
class Costs:
    """What a model takes; None where it was not measured, as of production where it was made elsewhere."""

    latency_p99_ms: float | None = None
    """Of answering one row."""
    size_bytes: int | None = None
    train_s: float | None = None
    """Processor seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A candidate, and what was measured of it."""

    name: str
    artifact_digest: str
    size_bytes: int
    latency_p99_ms: float | None
    train_s: float
    parameters: Mapping[str, JsonValue]
    answers: Answers
    """To the validation rows."""


def choose(
    layout: OutcomeLayout,
    training: Training,
    validation: pa.Table,
    incumbent: str,
    made: Sequence[Made],
    *,
    production: Costs = Costs(),
) -> tuple[Tried, ...]:
    """All candidates, the best first: that one is chosen.

    Those within the budgets come before those over one, those with a score before those without, then the higher score.
    Quality is the first primary metric on all validation rows; production's is that on the rows it answered itself.
    What is not known of production is put at the candidates' median, so that the criterion only compares them with each
    other; a cost that was not measured of each of them is left out.
    """
    wrong = {of.name: flaw(layout, of.answers, validation.num_rows) for of in made}
    label, own = truth(layout, validation), own_rows(layout, validation, incumbent)
    answers = {of.name: said(layout, of.answers) for of in made if wrong[of.name] is None}
    served = some(said(layout, answers_of(validation, layout.classes)), own)
    metric = primary_of(training.model, layout, served, *answers.values())[0]
    figures = {name: _figures(layout, label, model) for name, model in answers.items()}
    known = _known(production) | _figures(layout, label[own], served)
    scores = _scores(
        _criteria(training.weights, metric),
        known,
        {of.name: _known(of) | figures[of.name] for of in made if metric in figures.get(of.name, {})},
    )
    over = {of.name: _over(of, training.model) for of in made}
    order = sorted(made, key=lambda of: (over[of.name] is not None, *_place(of.name, scores)))
    return tuple(
        Tried(
            name=of.name,
            artifact_digest=of.artifact_digest,
            size_bytes=of.size_bytes,
            latency_p99_ms=of.latency_p99_ms,
            train_s=of.train_s,
            parameters=dict(of.parameters),
            metrics=figures.get(of.name, {}),
            score=scores.get(of.name),
            chosen=place == 0,
            why_not=wrong[of.name] or over[of.name] or (None if of.name in scores else f"it has no {metric}"),
        )
        for place, of in enumerate(order)
    )


def _criteria(weights: Weights, metric: str) -> list[Criterion]:
    quality = Criterion(metric, weights.quality, 0.0 if metric in LOSSES else 1.0)
    given = {cost: getattr(weights, name) for cost, name in _COSTS.items()}
    return [quality, *(Criterion(cost, weight) for cost, weight in given.items() if weight)]


def _scores(
    criteria: Sequence[Criterion], production: Mapping[str, float], candidates: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """By name, the best first."""
    measured = [of for of in criteria if all(of.name in figures for figures in candidates.values())]
    against = {
        of.name: production.get(of.name, median(figures[of.name] for figures in candidates.values()))
        for of in measured
        if candidates
    }
    return {of.candidate: of.score for of in composite(measured, against, candidates)}


def _place(name: str, scores: Mapping[str, float]) -> tuple[int, str]:
    """The place among those with a score, else behind them by name."""
    return (list(scores).index(name) if name in scores else len(scores)), name


def _known(of: Costs | Made) -> dict[str, float]:
    """Costs; measured ones to the nearest power of two, as noise must not choose, least of all in a run repeated."""
    found = {cost: float(value) for cost in _COSTS if (value := getattr(of, cost)) is not None}
    rounded = {cost: 2.0 ** round(log2(found[cost])) for cost in _MEASURED if found.get(cost, 0.0) > 0}
    return found | rounded


def _figures(layout: OutcomeLayout, label: Cells | Floats, model: paired.Answers) -> dict[str, float]:
    """All figures that there are enough rows for."""
    found = {metric: figure_of(metric, label, model, layout=layout) for metric in metrics(layout.task)}
    return {metric: value for metric, value in found.items() if isinstance(value, float)}


def _over(of: Made, rules: ModelRules) -> str | None:
    """The first budget that is not kept, or not known to be."""
    for cost, most in (("latency_p99_ms", rules.latency_p99_ms), ("size_bytes", rules.size_bytes)):
        value = getattr(of, cost)
        if value is None or not value <= most:
            return f"{cost} is {'not measured' if value is None else format(value, ',.10g')}, {most:,.10g} is the most"
    return None
