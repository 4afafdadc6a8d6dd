"""The two kinds of record: what Driftline writes (closed) and what producers write (open to unknown fields)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

EARLIEST_MS = 946_684_800_000  # 2000-01-01: earlier means seconds were given for milliseconds, or no clock
LATEST_MS = 4_102_444_800_000  # 2100-01-01
HORIZON_MS = LATEST_MS - EARLIEST_MS

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name or id: 1 to 256 characters, none of them a control character."""

TimeMs = Annotated[int, Field(ge=EARLIEST_MS, le=LATEST_MS)]
"""Milliseconds since 1970-01-01 UTC, between the years 2000 and 2100."""

Count = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    """A record that Driftline itself writes: strict types, no unknown field."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )

    def to_json(self) -> bytes:
        """The record as compact UTF-8 JSON, as it goes on a topic."""
        return self.model_dump_json(by_alias=True).encode()


class ProducerRecord(Record):
    """A record that producers write: strict types, unknown fields are ignored so that producers may run ahead."""

    model_config = ConfigDict(extra="ignore")


class SourceRange(Record):
    """The half-open range of offsets [start, end) of one source partition that a record was made from."""

    topic: str
    topic_id: str
    """The broker's id of the topic: a topic deleted and made anew has another."""
    partition: Count
    partitions: Annotated[int, Field(ge=1)]
    """How many partitions the source topic has."""
    start: Count
    end: Count

    @property
    def key(self) -> str:
        """Names the partition across re-creations of its topic."""
        return f"{self.topic_id}/{self.partition}"
