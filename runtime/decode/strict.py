"""The strict path: one record's value to a judged event. Slow, plain, and the measure of the compiled parser."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.decode.shape import UNKNOWN, Shape
from runtime.decode.strict_json import MalformedError, parse
from runtime.decode.verdict import Readable, Refusal, check_contract, check_record, check_shape, readable

Shapes = Callable[[str, str], Shape | None]
"""(model, version) -> what to take out of its events, the same object while it holds; None: no baseline, no monitor."""
Strict = Callable[[str], bool]
"""Whether events of a model's versions without a baseline are refused."""


def not_strict(_model: str) -> bool:
    """No model is strict."""
    return False


def unwrap(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event in a record: itself, or the `data` of a CloudEvent in structured mode."""
    if "specversion" not in record:
        return record
    if record["specversion"] != "1.0":
        raise Refusal("SCHEMA", "specversion: only CloudEvents 1.0 is read")
    if not isinstance(record.get("data"), dict):
        raise Refusal("SCHEMA", "data: a CloudEvent must hold the event as a JSON object")
    data: dict[str, Any] = record["data"]
    return data


def shape_of(event: Mapping[str, Any], shapes: Shapes, strict: Strict) -> Shape:
    """The shape of an event that fulfils the contract. Raises Refusal where a strict monitor has no baseline."""
    shape = shapes(event["model"], event["version"]) or UNKNOWN
    if shape.discover and strict(event["model"]):
        raise Refusal("SCHEMA", "version: has no baseline, and the model's monitor is strict")
    return shape


@dataclass(frozen=True, slots=True)
class Judged:
    """The strict path's word on one event: counted with a shape, or refused."""

    event: Mapping[str, Any]
    origin: Readable
    shape: Shape = UNKNOWN
    refusal: Refusal | None = None


def judge(value: bytes, key: bytes | None, timestamp_ms: int, shapes: Shapes, strict: Strict) -> Judged:
    """Judges one record. `key` None: it is not to be compared. `timestamp_ms`: of the record."""
    try:
        event = unwrap(parse(value))
    except MalformedError as error:
        return Judged({}, Readable(), refusal=Refusal("MALFORMED", str(error)))
    except Refusal as refusal:
        return Judged({}, Readable(), refusal=refusal)
    return judge_event(event, key, timestamp_ms, shapes, strict)


def judge_event(
    event: Mapping[str, Any], key: bytes | None, timestamp_ms: int, shapes: Shapes, strict: Strict
) -> Judged:
    """As `judge`, of an event that is an object already."""
    origin = readable(event)
    try:
        check_contract(event)
        shape = shape_of(event, shapes, strict)
        check_shape(event, shape)
        check_record(event, key, timestamp_ms)
    except Refusal as refusal:
        return Judged(event, origin, refusal=refusal)
    return Judged(event, origin, shape)
