"""Which classes the labels and answers of a data set name, and how likely it says each is."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from driftline.datasets import Dataset
from driftline.errors import CommandError
from driftline.parts import Parts
from stats.performance.class_names import Places, class_codes, class_names, synonyms
from stats.performance.class_ranks import positive_last, ranked_classes
from stats.performance.estimate import MIN_COUNT
from stats.performance.exact_sum import Floats
from stats.performance.layout import OutcomeLayout

_SHOWN = 3


class Named(NamedTuple):
    """A column of labels or answers: its distinct names, and each row's place among them, -1 where it is missing."""

    names: tuple[str, ...]
    places: Places

    @property
    def counts(self) -> Counter[str]:
        """Rows by name."""
        counted = np.bincount(self.places[self.places >= 0], minlength=len(self.names))
        return Counter(dict(zip(self.names, counted.tolist(), strict=True)))


def named(data: Dataset, column: str | None) -> Named:
    """The column as events name classes; without a column every row is missing."""
    nothing = np.full(data.rows, np.nan)
    if column is None or column not in data.names:
        return Named((), np.full(data.rows, -1, np.intp))
    if data.kind(column) != "numeric":
        return Named(*class_names(nothing, data.texts(column)))
    numbers = data.numbers(column)
    return Named(*class_names(np.where(np.isfinite(numbers), numbers, np.nan), [None] * data.rows))


def classes_of(rows: Dataset, known: Sequence[Dataset], parts: Parts) -> OutcomeLayout | None:
    """The layout of a classification, its classes counted over all `known` data; None where there are fewer than two.

    Of two classes the positive one is last: the one whose `rows` score higher, without a score the second by name. A
    third that is only ever answered is no class. Of more, the most frequent labels are first, and beyond the 200th all
    count as OTHER. Raises CommandError when labels and answers have no class in common.
    """
    answered = sum((named(data, parts.prediction).counts for data in known), Counter[str]())
    labelled = _as_answered(sum((named(data, parts.label).counts for data in known), Counter[str]()), answered)
    _check(answered, labelled, parts)
    names = ranked_classes(labelled, answered)
    if len(names) < 2:
        return None
    return (
        OutcomeLayout("binary", _ordered(names, rows, parts)) if len(names) == 2 else OutcomeLayout("multiclass", names)
    )


def probabilities(layout: OutcomeLayout, rows: Dataset, parts: Parts) -> list[Floats]:
    """The probability of each scored class, float64[rows] each; NaN where there is none. Raises CommandError."""
    given = {name: _probability(rows, column) for name, column in parts.probabilities.items()}
    if layout.task == "binary":
        negative, positive = layout.classes
        if parts.score:
            given[positive] = _probability(rows, parts.score)
        elif negative in given:
            given.setdefault(positive, 1 - given[negative])
    return [given.get(name, np.full(rows.rows, np.nan)) for name in layout.scored]


def _as_answered(labelled: Counter[str], answered: Counter[str]) -> Counter[str]:
    """Labels by the names that answers have: a boolean may be a number there."""
    found = Counter[str]()
    for name, synonym in zip(labelled, synonyms(labelled, answered), strict=True):
        found[synonym] += labelled[name]
    return found


def _check(answered: Counter[str], labelled: Counter[str], parts: Parts) -> None:
    if min(answered.total(), labelled.total()) >= MIN_COUNT and not answered.keys() & labelled.keys():
        raise CommandError(
            f"No answer in column {parts.prediction!r} is a label of column {parts.label!r}: "
            f"answers are {_listed(answered)}, labels {_listed(labelled)}.",
            "write both the same way; a column of probabilities is named with --score",
        )
    unknown = sorted(set(parts.probabilities) - {*answered, *labelled})
    if unknown and labelled:
        raise CommandError(
            f"No label or answer is {', '.join(map(repr, unknown))}, of which probabilities are given.",
            f"name some of {_listed(labelled)}",
        )


def _listed(names: Counter[str]) -> str:
    return ", ".join(repr(name) for name, _ in names.most_common(_SHOWN)) + (", …" if len(names) > _SHOWN else "")


def _ordered(names: Sequence[str], rows: Dataset, parts: Parts) -> Sequence[str]:
    """Two classes, the positive one last."""
    if parts.score:
        label = class_codes(OutcomeLayout("binary", names), *named(rows, parts.label))
        return positive_last(names, label, _probability(rows, parts.score))
    return names[::-1] if set(parts.probabilities) == {names[0]} else names


def _probability(rows: Dataset, column: str) -> Floats:
    numbers = rows.numbers(column)
    outside = numbers[(numbers < 0) | (numbers > 1)]
    if outside.size:
        raise CommandError(
            f"Column {column!r} of {rows.source} holds {outside[0]:g}, which is no probability.",
            "give 0 to 1, as events must; a score of another scale becomes a probability by calibration",
        )
    return numbers
