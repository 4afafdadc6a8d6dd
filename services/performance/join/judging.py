"""Messages of `labels` to the join's records, or to what is wrong with them. The contract's own model judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from pydantic import ValidationError

from runtime.decode.strict import unwrap
from runtime.decode.strict_json import MAX_EVENT_BYTES, MalformedError, parse
from runtime.decode.verdict import Refusal, future, refusal_of
from runtime.log.protocol import Message
from schemas.base import SourceRange
from schemas.dead_letter import DeadLetter
from schemas.label import Label
from services.performance.join.letters import of_message
from services.performance.join.records import LabelRecord

_EXACT = 2**53
_validate = Label.__pydantic_validator__.validate_json


@dataclass(frozen=True, slots=True)
class Labels:
    """What some messages of one partition held."""

    records: Sequence[LabelRecord] = ()
    """Valid labels, in order."""
    dead: Sequence[DeadLetter] = ()


def read_labels(messages: Sequence[Message], source: SourceRange, now_ms: int) -> Labels:
    """Messages of one partition, in offset order. `now_ms` stands in for timestamps that records lack."""
    records: list[LabelRecord] = []
    dead: list[DeadLetter] = []
    for message in messages:
        value = message.value() or b""
        try:
            label = sure(value) or strictly(value)
            _check_record(label, message, now_ms)
        except Refusal as refusal:
            dead.append(of_message(refusal, source, message))
        else:
            records.append(_record(label, message.offset(), value))
    return Labels(records, dead)


def sure(value: bytes) -> Label | None:
    """The label that a record's value surely holds; None where only `strictly` can say.

    It has as many quotes as its fields and texts need, and no escapes: so no key is unknown, or given twice. Nor is
    there what `strictly` would not take for JSON, such as an integer of more than 20 digits.
    """
    if b"\\" in value or len(value) > MAX_EVENT_BYTES:
        return None
    try:
        label: Label = _validate(value)
    except ValidationError:
        return None
    is_text = isinstance(label.label, str)
    texts = 2 + is_text + (label.source is not None)
    numbers = (0.0 if is_text else float(label.label), label.value or 0.0)
    plain = value.count(b'"') == 2 * (len(label.model_fields_set) + texts) and max(map(abs, numbers)) < _EXACT
    return label if plain else None


def strictly(value: bytes) -> Label:
    """The label that a record's value holds. Raises Refusal."""
    try:
        event = unwrap(parse(value))
    except MalformedError as error:
        raise Refusal("MALFORMED", str(error)) from None
    try:
        return Label.model_validate(event)
    except ValidationError as errors:
        raise refusal_of(errors) from None


def _check_record(label: Label, message: Message, now_ms: int) -> None:
    """Raises Refusal unless the label agrees with its record's key and timestamp."""
    if message.key() != label.prediction_id.encode():
        raise Refusal("KEY", "the record's key is not the prediction_id")
    kind, stamped_ms = message.timestamp()
    refusal = future(label.time_ms, stamped_ms if kind else now_ms)
    if refusal:
        raise refusal


def _record(label: Label, offset: int, value: bytes) -> LabelRecord:
    told = label.label
    is_text = isinstance(told, str)
    return LabelRecord(
        offset,
        label.prediction_id.encode(),
        label.time_ms,
        nan if is_text else float(told) + 0.0,  # no -0.0: it equals 0.0
        value,
        str(told).encode() if is_text else b"",
        nan if label.value is None else label.value + 0.0,
    )
