"""Predictions, and joined pairs of them and their labels, as columns."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.performance.join.records import Origin, PredictionRecord, unpacked_origin
from services.performance.join.rows import FIXED, ROW, Rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Made:
    """Predictions as columns, n of them."""

    origins: tuple[Origin, ...]
    """Distinct models, versions, variants and segments."""
    origin: Ints
    """Each prediction's place in `origins`."""
    time_ms: Ints
    prediction: Floats
    """NaN where it is text."""
    score: Floats
    """NaN: none given."""
    prediction_text: Sequence[str | None]
    probabilities: Sequence[Mapping[str, float] | None]

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, rows: Ints) -> Self:
        """Some of them; `origins` stay as they are."""
        kept = rows.tolist()
        columns = {name: getattr(self, name) for name in self.__match_args__ if name != "origins"}
        some: dict[str, Any] = {
            name: [column[row] for row in kept] if isinstance(column, list) else column[rows]
            for name, column in columns.items()
        }
        return replace(self, **some)


@dataclass(frozen=True, slots=True)
class Pairs(Made):
    """Signed pairs of a prediction and its label, n of them.

    A corrected label takes the old pair away, sign -1, and adds the new one, sign 1.
    """

    sign: Ints
    label_time_ms: Ints
    label: Floats
    """NaN where it is text."""
    value: Floats
    """NaN: none given."""
    label_text: Sequence[str | None]
    basis: NDArray[np.uint64]
    """What each was counted by when it was made: see plans.py."""

    @property
    def delay_ms(self) -> Ints:
        """From prediction to label; negative where the label is dated before."""
        return self.label_time_ms - self.time_ms


def made_of(fixed: Rows, records: Sequence[PredictionRecord]) -> Made:
    """Predictions as they came, with the fixed parts of their rows."""
    return Made(
        **_columns(
            fixed,
            [record.origin for record in records],
            lambda place: records[place].text,
            lambda place: records[place].probabilities,
        )
    )


def pairs_of(signs: Sequence[int], rows: Sequence[bytes]) -> Pairs:
    """Pairs of labelled rows, [n] each."""
    head = slice(FIXED)
    fixed = np.frombuffer(b"".join([row[head] for row in rows]), ROW)
    sizes = [fixed[f"{name}_size"] for name in ("origin", "text", "probabilities")]
    origin_end, text_end, end = (np.cumsum(sizes, axis=0, dtype=np.int64) + FIXED).tolist()
    return Pairs(
        **_columns(
            fixed,
            [row[FIXED:stop] for row, stop in zip(rows, origin_end, strict=True)],
            lambda place: rows[place][origin_end[place] : text_end[place]],
            lambda place: rows[place][text_end[place] : end[place]],
        ),
        sign=np.array(signs, np.int64),
        label_time_ms=fixed["label_time_ms"].copy(),
        label=fixed["label"].copy(),
        value=fixed["value"].copy(),
        label_text=_texts(fixed["label"], lambda place: rows[place][end[place] :]),
        basis=fixed["basis"].copy(),
    )


Bytes = Callable[[int], bytes]
"""What a place has."""


def _columns(fixed: Rows, origins: Sequence[bytes], text: Bytes, probabilities: Bytes) -> dict[str, Any]:
    """Fields of Made. Few predictions are texts, or have probabilities: only these are asked for."""
    numbers: dict[bytes, int] = {}
    origin = [numbers.setdefault(packed, len(numbers)) for packed in origins]
    given: list[Mapping[str, float] | None] = [None] * len(fixed)
    for place in np.flatnonzero(fixed["probabilities_size"]).tolist():
        given[place] = json.loads(probabilities(place))
    return {
        "origins": tuple(map(unpacked_origin, numbers)),
        "origin": np.array(origin, np.int64),
        "time_ms": fixed["time_ms"].copy(),
        "prediction": fixed["prediction"].copy(),
        "score": fixed["score"].copy(),
        "prediction_text": _texts(fixed["prediction"], text),
        "probabilities": given,
    }


def _texts(numbers: Floats, text: Bytes) -> list[str | None]:
    """The texts where there is no number."""
    texts: list[str | None] = [None] * len(numbers)
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        texts[place] = text(place).decode()
    return texts
