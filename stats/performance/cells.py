"""Outcomes to counts: predictions, and pairs of a prediction and its label, into one flat vector a group.

A corrected label folds the old pair with sign −1 and the new one with +1: the vector is then, cell by cell, that of a
stream in which the new label came at once.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stats.performance import delay
from stats.performance.exact_sum import FOURTH_ROOT, ROOT, UNITS, Cells, Floats, digits_of
from stats.performance.layout import BINS, OTHER, OutcomeLayout

__all__ = ["OTHER", "OutcomeLayout", "fold_outcomes", "fold_predictions"]

LEAST_PROBABILITY = 1e-15
"""Log loss takes no smaller one: a single sure error costs 34.5 nats."""

Codes = NDArray[np.integer]
Predictions = Codes | Floats
"""[n]: numbers of classes (`OutcomeLayout.codes`), or the predicted numbers of a regression."""
_Part = tuple[str, Codes, Cells]
"""Section; row of each event within it, [n]; what to add there, [n], or [n, DIGITS] where a row is a sum."""


def fold_outcomes(  # noqa: PLR0917  columns in the order in which the join has them
    layout: OutcomeLayout,
    predictions: Predictions,
    probabilities: Floats | None,
    labels: Predictions,
    delay_s: Floats,
    value: Floats,
    *,
    sign: int | NDArray[np.integer] = 1,
    group: NDArray[np.integer],
    groups: int,
) -> Cells:
    """Folds n pairs into the vectors of their groups, int64[groups, layout.size].

    `probabilities` [n, scored classes], None for a regression; NaN is none, and a pair is scored only where all are
    there and the label is one of the classes. `delay_s` [n] is the time from the prediction to its label in seconds,
    `value` [n] in the model's own unit: NaN is none. `sign` 1 adds, −1 takes away: one for all, or one a pair.
    The result is the exact sum of the results of any split of the pairs. Raises ValueError for what is out of range.
    """
    n = len(labels)
    _check(layout, (predictions, labels), probabilities, group, groups)
    if delay_s.shape != (n,) or value.shape != (n,):
        raise ValueError(f"delays {delay_s.shape} and values {value.shape}: give one, or NaN, to each of {n} pairs")
    if not np.isin(sign, (-1, 1)).all():
        raise ValueError("a pair's sign is 1, which adds it, or -1, which takes it away")
    worth = np.clip(np.where(np.isnan(value), 0.0, value), -ROOT, ROOT)
    if layout.task == "regression" or probabilities is None:
        of_task = _numbers(layout, predictions, labels)
    else:
        of_task = _classes(layout, predictions, probabilities, labels)
    return _folded(
        layout,
        [
            ("n", np.zeros(n, np.intp), np.ones(n, np.int64)),
            ("delay", delay.cells_of(delay_s), np.ones(n, np.int64)),
            ("valued", np.zeros(n, np.intp), (~np.isnan(value)).astype(np.int64)),
            *_sums("value", (worth, worth**2)),
            *of_task,
        ],
        np.broadcast_to(np.asarray(sign, np.int64), n),
        group,
        groups,
    )


def fold_predictions(
    layout: OutcomeLayout,
    predictions: Predictions,
    probabilities: Floats | None,
    *,
    group: NDArray[np.integer],
    groups: int,
) -> Cells:
    """Counts n predictions as made, labelled or not, int64[groups, layout.size]; arguments as `fold_outcomes`."""
    n = len(predictions)
    _check(layout, (predictions,), probabilities, group, groups)
    one = np.ones(n, np.int64)
    parts: list[_Part] = [("made", np.zeros(n, np.intp), one)]
    if layout.task == "regression" or probabilities is None:
        parts.append(("made_bins", np.searchsorted(layout.edges, predictions), one))
    else:
        whole = _scored(probabilities)
        for k in range(len(layout.scored)):
            row = (2 * k + (predictions == _code(layout, k))) * BINS + _bins(probabilities[:, k])
            parts.append(("made_bins", row, whole))
    return _folded(layout, parts, one, group, groups)


def _classes(
    layout: OutcomeLayout, predictions: Predictions, probabilities: Floats, labels: Predictions
) -> Iterator[_Part]:
    pair = np.asarray(labels * np.int64(layout.width) + predictions, np.int64)
    yield "confusion", pair, np.ones(len(labels), np.int64)
    known = np.asarray(labels) < len(layout.classes)
    counted = _scored(probabilities) * known
    p = np.where(counted[:, np.newaxis] > 0, probabilities, 0.0)
    for k in range(len(layout.scored)):
        predicted, true = predictions == _code(layout, k), labels == _code(layout, k)
        row = 2 * k + predicted
        yield "bins", (2 * row + true) * BINS + _bins(p[:, k]), counted
        yield "probability", row * BINS + _bins(p[:, k]), np.rint(p[:, k] * UNITS).astype(np.int64)
    whole = np.column_stack((1 - p, p)) if layout.task == "binary" else p
    truth = np.arange(len(layout.classes)) == np.asarray(labels)[:, np.newaxis]
    of_label = np.clip((whole * truth).sum(-1), LEAST_PROBABILITY, 1.0)
    log_loss = -np.log(of_label) * counted
    brier = ((whole - truth) ** 2).sum(-1) * counted / (2 if layout.task == "binary" else 1)
    yield from _sums("losses", (log_loss, log_loss**2, brier, brier**2))


def _numbers(layout: OutcomeLayout, predictions: Predictions, labels: Predictions) -> Iterator[_Part]:
    y = np.asarray(labels, np.float64)
    with np.errstate(over="ignore"):
        e = np.clip((predictions - y) / layout.scale, -FOURTH_ROOT, FOURTH_ROOT)
        z = np.clip((y - layout.center) / layout.scale, -FOURTH_ROOT, FOURTH_ROOT)
        relative = np.divide(predictions, y, out=np.ones(len(y)), where=y != 0) - 1
    relative = np.clip(np.abs(relative), 0, ROOT)
    yield "nonzero", np.zeros(len(y), np.intp), (y != 0).astype(np.int64)
    yield from _sums("sums", (e, relative, relative**2, z, z**2, z**3, z**4, e**2 * z, e**2 * z**2))
    place = np.searchsorted(layout.edges, predictions)
    yield "bins", place, np.ones(len(y), np.int64)
    yield from _sums("bin_sums", (np.abs(e), e**2, e**4), place)


def _sums(name: str, numbers: tuple[Floats, ...], row: NDArray[np.intp] | int = 0) -> Iterator[_Part]:
    for i, number in enumerate(numbers):
        yield name, np.broadcast_to(np.asarray(row) * len(numbers) + i, number.shape), digits_of(number)


def _folded(layout: OutcomeLayout, parts: list[_Part], sign: Cells, group: NDArray[np.integer], groups: int) -> Cells:
    cells = np.zeros(groups * layout.size, np.int64)
    vector = np.asarray(group, np.int64) * layout.size
    for name, row, amount in parts:
        entries = amount if amount.ndim == 2 else amount[:, np.newaxis]
        first = vector + layout.places[name][0] + row * entries.shape[1]
        np.add.at(cells, first[:, np.newaxis] + np.arange(entries.shape[1]), entries * sign[:, np.newaxis])
    return cells.reshape(groups, layout.size)


def _code(layout: OutcomeLayout, k: int) -> int:
    """The class number of scored class k."""
    return k + len(layout.classes) - len(layout.scored)


def _scored(probabilities: Floats) -> Cells:
    return np.asarray(~np.isnan(probabilities).any(-1), np.int64)


def _bins(probability: Floats) -> NDArray[np.intp]:
    return np.fmin(np.fmax(probability * BINS, 0), BINS - 1).astype(np.intp)


def _check(
    layout: OutcomeLayout,
    columns: tuple[Predictions, ...],
    probabilities: Floats | None,
    group: NDArray[np.integer],
    groups: int,
) -> None:
    n = len(columns[0])
    if any(column.shape != (n,) for column in (*columns, group)):
        raise ValueError(f"predictions, labels and groups must be as many: {n}")
    if n and not (group.min() >= 0 and group.max() < groups):
        raise ValueError(f"a group is outside 0..{groups - 1}")
    if layout.task == "regression":
        if not all(np.isfinite(column).all() for column in columns):
            raise ValueError("a prediction or label is not finite: the contract refuses such events before the join")
        return
    if probabilities is None or probabilities.shape != (n, len(layout.scored)):
        raise ValueError(f"give probabilities [{n}, {len(layout.scored)}], of {layout.scored}; NaN where there is none")
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("a probability is outside 0..1: the contract refuses such events before the join")
    for column in columns:
        if not np.issubdtype(column.dtype, np.integer) or (n and not 0 <= column.min() <= column.max() < layout.width):
            raise ValueError(f"classes are numbers 0..{layout.width - 1}: make them with OutcomeLayout.codes")
