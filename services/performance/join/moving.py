"""Records that lie on a partition their id does not belong to, written again where it does: once, and never twice."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from runtime.decode.verdict import Refusal
from runtime.log.partitioning import partition_of
from runtime.log.protocol import Message, OutRecord
from runtime.moved import headers_of_copy, is_copy
from schemas.base import SourceRange
from services.performance.join.arrow_rows import only
from services.performance.join.records import LabelRecord, PredictionRecord

LOST = Refusal(
    "KEY",
    "it was moved here from another partition, and does not belong here either:"
    " was the topic's number of partitions changed?",
)

Kept = TypeVar("Kept", PredictionRecord, LabelRecord)


@dataclass(frozen=True, slots=True)
class Moved(Generic[Kept]):
    """What became of misplaced records."""

    out: Sequence[OutRecord]
    moved: int
    """Events in them."""
    lost: Sequence[Kept]
    """Those that were moved before."""


def moved(misplaced: Sequence[Kept], messages: Sequence[Message], source: SourceRange) -> Moved[Kept]:
    """Misplaced records of some messages of a partition, to be written to the same topic: see runtime/moved.py.

    Rows of an Arrow batch that belong to one partition go there as one batch.
    """
    if not misplaced:
        return Moved((), 0, ())
    by_offset = {message.offset(): message for message in messages}
    lost = [record for record in misplaced if is_copy(by_offset[record.offset])]
    rows: dict[tuple[int, int], list[int | None]] = defaultdict(list)
    for record in misplaced:
        if not is_copy(by_offset[record.offset]):
            target = partition_of(record.id, source.partitions)
            rows[record.offset, target].append(record.row if isinstance(record, PredictionRecord) else None)
    out = [_copy(by_offset[offset], source.topic, target, own) for (offset, target), own in rows.items()]
    return Moved(out, len(misplaced) - len(lost), lost)


def _copy(message: Message, topic: str, target: int, rows: Sequence[int | None]) -> OutRecord:
    value = message.value() or b""
    own = [row for row in rows if row is not None]
    return OutRecord(topic, None, only(value, own) if own else value, target, headers_of_copy(message))
