"""Predictions and labels as the contract wants them, judged before they are sent."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from driftline.client.values import answer, given, named, plain, text, time_ms, whole
from runtime.decode.strict_json import MAX_EVENT_BYTES
from runtime.decode.verdict import Refusal, check_contract, check_record, future, refusal_of
from schemas.label import Label

Event = dict[str, Any]
_INT64 = 2**63
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def prediction_event(
    model: str,
    version: str,
    now_ms: int,
    *,
    features: Mapping[Any, Any],
    prediction: Any,
    prediction_id: Any,
    score: Any = None,
    probabilities: Mapping[Any, Any] | None = None,
    latency_ms: Any = None,
    status: Any = None,
    segments: Mapping[Any, Any] | None = None,
    variant: Any = None,
    entity_id: Any = None,
    trace_id: Any = None,
    time: Any = None,
) -> Event:
    """The event of one prediction, in the contract's types but not judged yet. Raises Refusal for other types."""
    optional = {
        "score": plain(score),
        "probabilities": given(named(probabilities or {}, plain)) or None,
        "latency_ms": plain(latency_ms),
        "status": whole(status),
        "segments": given(named(segments or {}, text)) or None,
        "variant": text(variant),
        "entity_id": text(entity_id),
        "trace_id": text(trace_id),
    }
    return {
        "schema": "driftline.prediction/1",
        "prediction_id": text(prediction_id),
        "model": model,
        "version": version,
        "time_ms": time_ms(time, now_ms),
        "features": named(features, plain),
        "prediction": answer(prediction),
        **given(optional),
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
