"""A candidate against production on the same untouched labelled rows, one figure at a time."""

from dataclasses import dataclass

import numpy as np

from stats.outcome import TooFew
from stats.performance.estimate import Estimate
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout, Task
from stats.retraining.gain import ALPHA, MIN_COUNT, PairedFigures, level_of
from stats.retraining.paired_classes import OF_CLASSES, ClassRows
from stats.retraining.paired_numbers import OF_NUMBERS, NumberRows


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one model says to n rows."""

    prediction: Cells | Floats
    """[n]: numbers of classes (`OutcomeLayout.codes`), or the predicted numbers of a regression."""
    probabilities: Floats | None = None
    """[n, scored classes] as `fold_outcomes` takes them; NaN is none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of both models, and whether the candidate's is better."""

    metric: str
    """With the class where one was named: `recall:cat`."""
    production: float | None
    candidate: float | None
    """In the figure's unit; None where there are too few rows."""
    difference: Estimate | TooFew
    """The candidate's gain, above 0 where it is better whatever the figure's direction; each end holds at 1 − alpha."""
    p_value: float | None
    """Chance of at least this gain if the candidate were no better."""
    margin: float
    alpha: float
    better: bool | TooFew
    """Whether the gain is surely above `margin`: at a negative one, that the candidate is not worse by so much."""


def compare(
    metric: str,
    label: Cells | Floats,
    production: Answers,
    candidate: Answers,
    *,
    layout: OutcomeLayout,
    margin: float = 0.0,
    alpha: float = ALPHA,
    min_count: int = MIN_COUNT,
    of: str | None = None,
) -> Comparison:
    """Compares one of `metrics(layout.task)` on labels [n], in codes or numbers as the predictions.

    `of` names the class of precision, recall and F1, without it the last one. `margin` is in the figure's unit. A
    candidate whose true gain is just `margin` is called better with a chance of about alpha, of shares at margin 0 of
    at most alpha. ValueError for a figure that the task does not have, and for rows that are not the same.
    """
    level_of(alpha)
    found = _figures(metric, _Asked(layout, label, (production, candidate), of, alpha, min_count))
    metric = metric if of is None else f"{metric}:{of}"
    if isinstance(found, TooFew):
        return Comparison(metric, None, None, found, None, margin, alpha, better=found)
    was, now, gain = found
    better = gain.estimate.low > margin and (margin < 0 or gain.p_value <= alpha)
    return Comparison(metric, was, now, gain.estimate, gain.p_value, margin, alpha, better=better)


def figure_of(metric: str, label: Cells | Floats, answers: Answers, *, layout: OutcomeLayout) -> float | TooFew:
    """One model's own figure, as `compare` has it."""
    found = _figures(metric, _Asked(layout, label, (answers, answers)))
    return found if isinstance(found, TooFew) else found[1]


def metrics(task: Task) -> tuple[str, ...]:
    """The figures that models of a task are compared by."""
    return tuple(OF_NUMBERS if task == "regression" else OF_CLASSES)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What `compare` was given."""

    layout: OutcomeLayout
    label: Cells | Floats
    models: tuple[Answers, Answers]
    of: str | None = None
    alpha: float = ALPHA
    min_count: int = MIN_COUNT


def _figures(metric: str, asked: _Asked) -> PairedFigures:
    task = asked.layout.task
    if metric not in metrics(task):
        raise ValueError(f"{metric!r} is no figure of a {task} model: choose of {metrics(task)}")
    return OF_NUMBERS[metric](_numbers(asked)) if task == "regression" else OF_CLASSES[metric](_classes(asked))


def _classes(asked: _Asked) -> ClassRows:
    layout, label, models = asked.layout, asked.label, asked.models
    name = layout.classes[-1] if asked.of is None else asked.of
    if name not in layout.classes:
        raise ValueError(f"class {name!r} is none of {layout.classes}")
    was, now = (_codes(model.prediction, len(label), layout) for model in models)
    p_was, p_now = (_probabilities(model, len(label), layout) for model in models)
    codes, k = _codes(label, len(label), layout), layout.classes.index(name)
    return ClassRows(layout, codes, (was, now), (p_was, p_now), k, asked.alpha, asked.min_count)


def _numbers(asked: _Asked) -> NumberRows:
    if asked.of is not None:
        raise ValueError(f"a {asked.layout.task} has no class {asked.of!r}: leave `of` out")
    columns = (asked.label, *(model.prediction for model in asked.models))
    truth, was, now = (np.asarray(column, np.float64) for column in columns)
    if not truth.shape == was.shape == now.shape or not np.isfinite([truth, was, now]).all():
        raise ValueError("give finite labels and both models' finite predictions of the same rows")
    return NumberRows(truth, (was, now), asked.alpha, asked.min_count)


def _codes(column: Cells | Floats, n: int, layout: OutcomeLayout) -> Cells:
    codes = np.asarray(column)
    known = np.issubdtype(codes.dtype, np.integer) and (not n or 0 <= codes.min() <= codes.max() < layout.width)
    if codes.shape != (n,) or not known:
        raise ValueError(f"give codes 0..{layout.width - 1} of the same {n} rows: make them with OutcomeLayout.codes")
    return np.asarray(codes, np.int64)


def _probabilities(model: Answers, n: int, layout: OutcomeLayout) -> Floats:
    shape = (n, len(layout.scored))
    found = np.full(shape, np.nan) if model.probabilities is None else model.probabilities
    if found.shape != shape or ((found < 0) | (found > 1)).any():
        raise ValueError(f"give probabilities {shape} in 0..1, of {layout.scored}; NaN where there is none")
    return found
