"""Names of classes: predictions and labels are numbers or texts, and a class is the same one however it is written."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from stats.performance.exact_sum import Floats
from stats.performance.layout import OutcomeLayout

_EXACT = 2**53
"""Whole numbers below it are exact as floats."""
_BOOLEANS = {"0": "false", "1": "true", "false": "0", "true": "1"}
"""Events have no booleans: some producers write them as numbers, some as words."""

Places = NDArray[np.intp]


def class_name(value: float | str) -> str:
    """The class a prediction or label names: 1 and 1.0 are `1`, 0.5 is `0.5`, a text is itself."""
    if isinstance(value, str):
        return value
    number = float(value)
    return str(int(number)) if abs(number) < _EXACT and number.is_integer() else repr(number)


def class_names(numbers: Floats, texts: Sequence[str | None]) -> tuple[tuple[str, ...], Places]:
    """The distinct names of n values, and each value's place among them, intp[n].

    `numbers` [n], NaN where the value is text; `texts` [n], None where it is a number. What is neither has place -1.
    """
    places = np.full(len(numbers), -1, np.intp)
    is_number = ~np.isnan(numbers)
    distinct, inverse = np.unique(numbers[is_number], return_inverse=True)
    known: dict[str, int] = {}
    numbered = [known.setdefault(class_name(value), len(known)) for value in distinct.tolist()]
    places[is_number] = np.array(numbered, np.intp)[inverse]
    places[~is_number] = [
        -1 if text is None else known.setdefault(text, len(known))
        for text in map(texts.__getitem__, np.flatnonzero(~is_number).tolist())
    ]
    return tuple(known), places


def class_codes(layout: OutcomeLayout, names: Sequence[str], places: Places) -> Places:
    """Numbers of the classes that n values name, intp[n], as `fold_outcomes` takes them; `class_names` gives the rest.

    What is none of the classes, or no value at all, is OTHER's. Of classes named 0 and 1 the words false and true are
    other names, and the other way round.
    """
    codes = np.append(layout.codes(synonyms(names, layout.classes)), len(layout.classes))
    return codes[places]


def synonyms(names: Iterable[str], classes: Iterable[str]) -> tuple[str, ...]:
    """Each name as the classes have it: a boolean's other name, where that is a class and the name itself is none."""
    known = set(classes)
    return tuple(name if name in known else _as_known(name, known) for name in names)


def _as_known(name: str, known: set[str]) -> str:
    other = _BOOLEANS.get(name, name)
    return other if other in known else name
