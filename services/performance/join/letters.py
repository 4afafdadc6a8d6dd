"""Dead letters of the join: of a record it had read, or of bytes that are none."""

from runtime.decode.verdict import Refusal
from runtime.log.protocol import Message, OutRecord
from schemas.base import SourceRange
from schemas.dead_letter import PAYLOAD_CAP_BYTES, DeadLetter
from services.performance.join.records import LabelRecord, PredictionRecord

SERVICE = "performance-join"


def of_record(
    refusal: Refusal, source: SourceRange, record: PredictionRecord | LabelRecord, model: str | None
) -> DeadLetter:
    """The letter of a prediction or label; `model` where it is known."""
    row = record.row if isinstance(record, PredictionRecord) else None
    return DeadLetter(
        service=SERVICE,
        reason=refusal.reason,
        detail=refusal.detail,
        topic=source.topic,
        partition=source.partition,
        offset=record.offset,
        row=row,
        model=model,
        time_ms=record.time_ms,
        payload=record.payload[:PAYLOAD_CAP_BYTES],
        payload_size=len(record.payload),
        record_key=record.id if row is None else None,
    )


def of_message(refusal: Refusal, source: SourceRange, message: Message) -> DeadLetter:
    """The letter of a record that could not be read."""
    value = message.value() or b""
    return DeadLetter(
        service=SERVICE,
        reason=refusal.reason,
        detail=refusal.detail,
        topic=source.topic,
        partition=source.partition,
        offset=message.offset(),
        payload=value[:PAYLOAD_CAP_BYTES],
        payload_size=len(value),
        record_key=message.key(),
    )


def written(letter: DeadLetter) -> OutRecord:
    """A letter as a record."""
    row = "" if letter.row is None else f"/{letter.row}"
    key = f"{letter.topic}/{letter.partition}/{letter.offset}{row}"
    return OutRecord("dead-letters", key.encode(), letter.to_json())
