"""Predictions and labels as the contract wants them, judged before they are sent."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Required, TypedDict

from pydantic import ValidationError

from driftline.client.values import answer, given, named, plain, text, time_ms, whole
from runtime.decode.strict_json import MAX_EVENT_BYTES
from runtime.decode.verdict import Refusal, check_contract, check_record, future, refusal_of
from schemas.label import Label

Event = dict[str, Any]
_INT64 = 2**63
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Fields(TypedDict, total=False):
    """What may be said of a prediction beside features and answer, as docs/topics.md has it; of a batch, columns."""

    prediction_id: Any
    score: Any
    probabilities: Mapping[Any, Any] | None
    latency_ms: Any
    status: Any
    segments: Mapping[Any, Any] | None
    variant: Any
    entity_id: Any
    trace_id: Any
    time: Any
    """Milliseconds since 1970, or a datetime with time zone."""


class Told(Fields):
    """All that is said of a prediction."""

    features: Required[Mapping[Any, Any]]
    prediction: Required[Any]


_OPTIONAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "score": plain,
    "probabilities": lambda value: given(named(value or {}, plain)) or None,
    "latency_ms": plain,
    "status": whole,
    "segments": lambda value: given(named(value or {}, text)) or None,
    "variant": text,
    "entity_id": text,
    "trace_id": text,
}
"""How each becomes what the contract wants."""


def prediction_event(model: str, version: str, now_ms: int, told: Told) -> Event:
    """The event of one prediction, in the contract's types but not judged yet. Raises Refusal for other types."""
    return {
        "schema": "driftline.prediction/1",
        "prediction_id": text(told.get("prediction_id")),
        "model": model,
        "version": version,
        "time_ms": time_ms(told.get("time"), now_ms),
        "features": named(told["features"], plain),
        "prediction": answer(told["prediction"]),
        **given({name: as_wanted(told.get(name)) for name, as_wanted in _OPTIONAL.items()}),
    }


def label_event(now_ms: int, *, prediction_id: Any, label: Any, time: Any, source: Any, value: Any) -> Event:
    """The event of one label, as `prediction_event`."""
    return {
        "schema": "driftline.label/1",
        "prediction_id": text(prediction_id),
        "label": answer(label),
        "time_ms": time_ms(time, now_ms),
        **given({"source": text(source), "value": plain(value)}),
    }


def check_prediction(event: Event, now_ms: int) -> None:
    """Raises Refusal unless the event would be counted."""
    check_contract(event)
    check_record(event, None, now_ms)


def check_label(event: Event, now_ms: int) -> None:
    """Raises Refusal unless the label would be taken."""
    try:
        Label.model_validate(event)
    except ValidationError as errors:
        raise refusal_of(errors) from None
    if any(isinstance(event.get(name), int) and abs(event[name]) >= _INT64 for name in ("label", "value")):
        raise Refusal("VALUE", "an integer beyond 64 bits in label or value")
    if refusal := future(event["time_ms"], now_ms):
        raise refusal


def encoded(event: Event) -> bytes:
    """The event as the value of a record. Raises Refusal where it is too long for one."""
    value = _json(event).encode()
    if len(value) > MAX_EVENT_BYTES:
        raise Refusal("MALFORMED", f"{len(value)} bytes are more than the {MAX_EVENT_BYTES} that one event may have")
    return value
