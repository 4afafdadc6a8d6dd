"""Two model versions with baselines, one without, and a valid event to start from."""

import json
from collections.abc import Mapping
from typing import Any

from runtime.decode.shape import Coded, Shape
from runtime.log.memory_broker import MemoryMessage

NOW_MS = 1_700_000_000_000
CHURN = Shape(
    numeric=("age", "income"),
    coded=(
        Coded("plan", {"basic": 0, "plus": 1, "3": 2, "true": 3}, unlisted=8, missing=9),
        Coded("active", {"false": 0, "true": 1}, unlisted=2, missing=3, boolean=True),
    ),
    prediction=Coded("prediction", {"stay": 0, "leave": 1, "1": 2}, unlisted=3, missing=4),
    score=True,
    classes=frozenset(("stay", "leave", "1")),
    segments=("region",),
)
DELAY = Shape(numeric=("distance",), prediction="numeric")
SHAPES = {("churn", "1"): CHURN, ("delay", "1"): DELAY}


def shape_of(model: str, version: str) -> Shape | None:
    return SHAPES.get((model, version))


def event(**changes: Any) -> dict[str, Any]:
    """A valid event of `churn` with the given fields changed; `...` leaves a field out."""
    fields = {
        "schema": "driftline.prediction/1",
        "prediction_id": "p-1",
        "model": "churn",
        "version": "1",
        "time_ms": NOW_MS,
        "features": {"age": 41.5, "income": 52000, "plan": "basic", "active": True},
        "prediction": "stay",
        "score": 0.25,
        "probabilities": {"stay": 0.75, "leave": 0.25},
        "latency_ms": 12.5,
        "status": 200,
        "segments": {"region": "eu"},
        "variant": "stable",
        "entity_id": "customer-7",
        "trace_id": "00f067aa0ba902b7",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def features(**changes: Any) -> dict[str, Any]:
    """The valid event's features with the given ones changed."""
    return {**event()["features"], **changes}


def encoded(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def message(value: bytes | None, *, key: bytes | None = b"p-1", timestamp_ms: int = NOW_MS) -> MemoryMessage:
    return MemoryMessage(value, key=key, timestamp_ms=timestamp_ms)
