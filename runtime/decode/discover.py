"""Groups of a model version without a baseline: the columns are whatever the events hold."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from runtime.decode.batch import hash_ids, or_nan
from runtime.decode.decoded import Discovered, Group, Segments
from runtime.decode.program import VARIANT_TEXTS
from runtime.decode.rows import DIMENSIONS
from runtime.decode.shape import Shape, category_text

_Event = Mapping[str, Any]


def discover(shape: Shape, index: Sequence[int], row: Sequence[int], events: Sequence[_Event]) -> Group:
    """Groups events of one model version that fulfil the contract; `index` and `row` say where they stood."""
    n = len(events)
    return Group(
        model=events[0]["model"],
        version=events[0]["version"],
        shape=shape,
        index=np.array(index, np.int64),
        row=np.array(row, np.int64),
        time_ms=np.array([event["time_ms"] for event in events], np.int64),
        latency_ms=np.array([or_nan(event.get("latency_ms")) for event in events]),
        score=np.array([or_nan(event.get("score")) for event in events]),
        status=np.array([event.get("status") or 0 for event in events], np.int16),
        id_hash=hash_ids([event["prediction_id"] for event in events]),
        values=np.empty((0, n)),
        codes=np.empty((0, n), np.int32),
        segments=_segments(events, shape),
        discovered=_columns(events),
    )


def _segments(events: Sequence[_Event], shape: Shape) -> Segments:
    variants = [event.get("variant") for event in events]
    texts = {"variant": [variant if variant in VARIANT_TEXTS else "" for variant in variants]}
    for place, event in enumerate(events):
        for name, text in (event.get("segments") or {}).items():
            kept = name != "variant" and (shape.segments is None or name in shape.segments)
            if kept and (name in texts or len(texts) < DIMENSIONS):
                texts.setdefault(name, [""] * len(events))[place] = text
    result = {}
    for name, column in texts.items():
        names = {"": 0}
        codes = [names.setdefault(text, len(names)) for text in column]
        if len(names) > 1:
            result[name] = (np.array(codes, np.int32), list(names))
    return result


def _columns(events: Sequence[_Event]) -> tuple[Discovered, ...]:
    names = dict.fromkeys(name for event in events for name in event["features"])
    found = [_column(name, "feature", [event["features"].get(name) for event in events]) for name in names]
    return (*found, _column("prediction", "prediction", [event["prediction"] for event in events]))


def _column(name: str, role: Literal["feature", "prediction"], values: list[Any]) -> Discovered:
    """Numeric or boolean if all values are; else categorical, with numbers by their text."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int, float}:
        return Discovered(name, role, "numeric", values=np.array(values, np.float64))
    boolean = kinds == {bool}
    names: dict[str, int] = {"false": 0, "true": 1} if boolean else {}
    codes = [-1 if value is None else names.setdefault(category_text(value), len(names)) for value in values]
    kind: Literal["boolean", "categorical"] = "boolean" if boolean else "categorical"
    return Discovered(name, role, kind, codes=np.array(codes, np.int32), names=tuple(names))
