"""Joined pairs as columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.performance.join.records import Origin, unpacked_origin
from services.performance.join.rows import ROW

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Signed pairs of a prediction and its label, n of them.

    A corrected label takes the old pair away, sign -1, and adds the new one, sign 1.
    """

    sign: Ints
    origins: tuple[Origin, ...]
    """Distinct models, versions, variants and segments."""
    origin: NDArray[np.int64]
    """Each pair's place in `origins`."""
    time_ms: Ints
    """Of the prediction."""
    label_time_ms: Ints
    prediction: Floats
    """NaN where it is text. So with `label`."""
    label: Floats
    score: Floats
    """NaN: none given. So with `value`."""
    value: Floats
    prediction_text: Sequence[str | None]
    label_text: Sequence[str | None]
    probabilities: Sequence[Mapping[str, float] | None]

    def __len__(self) -> int:
        return len(self.sign)

    @property
    def delay_ms(self) -> Ints:
        """From prediction to label; negative where the label is dated before."""
        return self.label_time_ms - self.time_ms


def pairs_of(signed: Sequence[tuple[int, bytes]]) -> Pairs:
    """Pairs of signs and labelled rows."""
    rows = [row for _, row in signed]
    fixed = np.frombuffer(b"".join([row[: ROW.itemsize] for row in rows]), ROW)
    sizes = np.array([fixed[f"{name}_size"] for name in ("origin", "text", "probabilities")], np.int64)
    ends = np.cumsum(sizes, axis=0) + ROW.itemsize
    origin_end, text_end, end = ends.tolist()
    numbers: dict[bytes, int] = {}
    origins = [row[ROW.itemsize : stop] for row, stop in zip(rows, origin_end, strict=True)]
    origin = [numbers.setdefault(packed, len(numbers)) for packed in origins]
    probabilities: list[Mapping[str, float] | None] = [None] * len(rows)
    for place in np.flatnonzero(sizes[2]).tolist():
        probabilities[place] = json.loads(rows[place][text_end[place] : end[place]])
    return Pairs(
        sign=np.array([sign for sign, _ in signed], np.int64),
        origins=tuple(map(unpacked_origin, numbers)),
        origin=np.array(origin, np.int64),
        time_ms=fixed["time_ms"].copy(),
        label_time_ms=fixed["label_time_ms"].copy(),
        prediction=fixed["prediction"].copy(),
        label=fixed["label"].copy(),
        score=fixed["score"].copy(),
        value=fixed["value"].copy(),
        prediction_text=_texts(fixed["prediction"], rows, origin_end, text_end),
        label_text=_texts(fixed["label"], rows, end, [None] * len(rows)),
        probabilities=probabilities,
    )


def _texts(numbers: Floats, rows: Sequence[bytes], begin: Sequence[int], end: Sequence[int | None]) -> list[str | None]:
    """The texts of rows where there is no number."""
    texts: list[str | None] = [None] * len(rows)
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        texts[place] = rows[place][begin[place] : end[place]].decode()
    return texts
