"""Topic `dead-letters`: what could not be counted, why, and the bytes themselves."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Record

Reason = Literal["MALFORMED", "SCHEMA", "VALUE", "TIME", "FUTURE", "CONFLICT", "ORPHAN", "KEY", "AUTHZ"]
PAYLOAD_CAP_BYTES = 65_536


class DeadLetter(Record):
    """One event that was not counted."""

    schema_: Literal["driftline.dead-letter/1"] = Field("driftline.dead-letter/1", alias="schema")
    service: str
    reason: Reason
    detail: str
    """What was wrong and where, for a person."""
    topic: str
    partition: Count
    offset: Count
    row: Count | None = None
    """The event's place in an Arrow batch."""
    model: str | None = None
    time_ms: int | None = None
    payload: bytes
    """The record's value, its first 65,536 bytes."""
    payload_size: Count
    record_key: bytes | None = None
