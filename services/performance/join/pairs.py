"""Predictions, and joined pairs of them and their labels, as columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.performance.join.records import Origin, unpacked_origin
from services.performance.join.rows import ROW

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


class _Rows:
    """Rows of the store, taken apart."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        head = slice(ROW.itemsize)
        self.fixed = np.frombuffer(b"".join([row[head] for row in rows]), ROW)
        sizes = np.array([self.fixed[f"{name}_size"] for name in ("origin", "text", "probabilities")], np.int64)
        origin_end, text_end, end = (np.cumsum(sizes, axis=0) + ROW.itemsize).tolist()
        numbers: dict[bytes, int] = {}
        origins = [row[ROW.itemsize : stop] for row, stop in zip(rows, origin_end, strict=True)]
        origin = [numbers.setdefault(packed, len(numbers)) for packed in origins]
        probabilities: list[Mapping[str, float] | None] = [None] * len(rows)
        for place in np.flatnonzero(sizes[2]).tolist():
            probabilities[place] = json.loads(rows[place][text_end[place] : end[place]])
        self.made = Made(
            origins=tuple(map(unpacked_origin, numbers)),
            origin=np.array(origin, np.int64),
            time_ms=self.fixed["time_ms"].copy(),
            prediction=self.fixed["prediction"].copy(),
            score=self.fixed["score"].copy(),
            prediction_text=_texts(self.fixed["prediction"], rows, origin_end, text_end),
            probabilities=probabilities,
        )
        self.label_text = _texts(self.fixed["label"], rows, end, [None] * len(rows))


def made_of(rows: Sequence[bytes]) -> Made:
    """The predictions of rows."""
    return _Rows(rows).made


def pairs_of(signed: Sequence[tuple[int, bytes]]) -> Pairs:
    """Pairs of signs and labelled rows."""
    rows = _Rows([row for _, row in signed])
    return Pairs(
        **{name: getattr(rows.made, name) for name in Made.__match_args__},
        sign=np.array([sign for sign, _ in signed], np.int64),
        label_time_ms=rows.fixed["label_time_ms"].copy(),
        label=rows.fixed["label"].copy(),
        value=rows.fixed["value"].copy(),
        label_text=rows.label_text,
        basis=rows.fixed["basis"].copy(),
    )


def _texts(numbers: Floats, rows: Sequence[bytes], begin: Sequence[int], end: Sequence[int | None]) -> list[str | None]:
    """The texts of rows where there is no number."""
    texts: list[str | None] = [None] * len(rows)
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        texts[place] = rows[place][begin[place] : end[place]].decode()
    return texts
