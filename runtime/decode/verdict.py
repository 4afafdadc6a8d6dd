"""The strict path's judgement of one event: counted, or why not. What it says is what the contract says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from runtime.decode.shape import Coded, Shape, category_text
from schemas.base import Identifier, TimeMs
from schemas.dead_letter import Reason
from schemas.prediction import Prediction

FUTURE_MS = 300_000
"""Events further ahead of their record's own timestamp are refused: they must not move a watermark."""

_VALUE_ERRORS = frozenset(("finite_number", "greater_than_equal", "less_than_equal", "value_error"))
"""Every other error of pydantic is one of type or form."""
_PRECEDENCE: tuple[Reason, ...] = ("SCHEMA", "VALUE", "TIME")
_UNIONS = {
    "features": (2, "must be a number, a text of at most 4096 characters, true, false or null"),
    "prediction": (1, "must be a number or a text of at most 4096 characters"),
    "label": (1, "must be a number or a text of at most 4096 characters"),
}
"""Fields that may hold several types: how much of an error's location names the value, and what it must be."""
_DETAIL_CHARACTERS = 300
_identifier = TypeAdapter(Identifier).validator
_time = TypeAdapter(TimeMs).validator


class Refusal(Exception):  # noqa: N818  an outcome, not an error
    """Why an event is not counted."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail[:_DETAIL_CHARACTERS]


def _classify(error: Any) -> Reason:
    if error["type"] not in _VALUE_ERRORS:
        return "SCHEMA"
    return "TIME" if error["loc"] == ("time_ms",) else "VALUE"


def refusal_of(errors: ValidationError) -> Refusal:
    """The gravest error. A value that fits no type of a union is judged by the type it came closest to."""
    by_place: dict[tuple[int | str, ...], list[tuple[Reason, str]]] = {}
    for error in errors.errors(include_url=False, include_context=False, include_input=False):
        union = _UNIONS.get(str(error["loc"][0])) if error["loc"] else None
        place = error["loc"][: union[0]] if union else error["loc"]
        by_place.setdefault(place, []).append((_classify(error), error["msg"]))
    found = []
    for place, options in by_place.items():
        reason, message = max(options, key=lambda option: _PRECEDENCE.index(option[0]))
        if len(options) > 1 and reason == "SCHEMA":
            message = _UNIONS[str(place[0])][1]
        found.append((_PRECEDENCE.index(reason), f"{'.'.join(map(str, place)) or 'event'}: {message}"))
    rank, detail = min(found, key=lambda entry: entry[0])
    return Refusal(_PRECEDENCE[rank], detail)


def check_contract(event: Mapping[str, Any]) -> None:
    """Raises Refusal unless the event fulfils the contract."""
    try:
        Prediction.model_validate(event)
    except ValidationError as errors:
        raise refusal_of(errors) from None
    values = (*event["features"].values(), event["prediction"], event.get("latency_ms"))
    if any(not -(2**63) <= value < 2**63 for value in values if type(value) is int):
        raise Refusal("VALUE", "an integer beyond 64 bits in features, prediction or latency_ms")


def check_shape(event: Mapping[str, Any], shape: Shape) -> None:
    """Raises Refusal unless an event that fulfils the contract also fits its model's baseline and monitor."""
    features = event["features"]
    for name in shape.numeric:
        value = features.get(name)
        if isinstance(value, str | bool):
            raise Refusal("SCHEMA", f"features.{name}: a number in the baseline, given as {_kind(value)}")
    for column in shape.coded:
        value = features.get(column.name)
        if column.boolean and value is not None and not isinstance(value, bool):
            raise Refusal("SCHEMA", f"features.{column.name}: true or false in the baseline, given as {_kind(value)}")
    prediction = event["prediction"]
    if shape.prediction == "numeric" and isinstance(prediction, str):
        raise Refusal("SCHEMA", "prediction: a number in the baseline, given as text")
    if isinstance(shape.prediction, Coded) and shape.prediction.boolean:
        raise Refusal("SCHEMA", "prediction: true or false in the baseline, which the contract does not allow")
    if shape.classes is not None:
        for name in (category_text(prediction), *(event.get("probabilities") or ())):
            if name not in shape.classes:
                raise Refusal("VALUE", f"{name[:64]!r} is none of the monitor's classes")


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "true or false" if isinstance(value, bool) else "a number"


def check_record(event: Mapping[str, Any], key: bytes | None, timestamp_ms: int) -> None:
    """Raises Refusal unless the event agrees with its record's key and timestamp. `key` None: not to be compared."""
    if key is not None and key != event["prediction_id"].encode():
        raise Refusal("KEY", "the record's key is not the prediction_id")
    refusal = future(event["time_ms"], timestamp_ms)
    if refusal:
        raise refusal


def future(time_ms: int, timestamp_ms: int) -> Refusal | None:
    """The refusal of an event whose time is too far ahead of its record's timestamp."""
    ahead_ms = time_ms - timestamp_ms
    return (
        Refusal("FUTURE", f"time_ms: {ahead_ms} ms ahead of the record's timestamp") if ahead_ms > FUTURE_MS else None
    )


@dataclass(frozen=True, slots=True)
class Readable:
    """What of an event's origin could be read although it is refused, so that it is counted where it belongs."""

    model: str | None = None
    version: str | None = None
    time_ms: int | None = None


def readable(event: Mapping[str, Any]) -> Readable:
    """Model, version and time of an event, each None unless valid."""
    return Readable(
        _valid(_identifier, event.get("model")),
        _valid(_identifier, event.get("version")),
        _valid(_time, event.get("time_ms")),
    )


def _valid(validator: Any, value: Any) -> Any:
    return value if validator.isinstance_python(value, strict=True) else None
