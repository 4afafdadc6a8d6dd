"""Topic `ledger`: what became of each range of each source partition. Ranges tile the topic; counts balance."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, SourceRange, TimeMs


class Ledger(Record):
    """One transaction's account of one range.

    events = counted + dead-lettered + duplicate + late + waiting + moved + refused
    """

    schema_: Literal["driftline.ledger/1"] = Field("driftline.ledger/1", alias="schema")
    service: str
    source: SourceRange
    wall_ms: int
    records: Count
    """Kafka records in the range."""
    events: Count
    """Events in them: one a JSON record, one a row of an Arrow batch, one for an unreadable batch."""
    counted: dict[Identifier, Count]
    """By model. (In records of service `drift-windows`, which account for late events only: empty.)"""
    dead: dict[str, Count] = {}
    """By reason."""
    duplicate: Count = 0
    late: dict[Identifier, Count] = {}
    """By model: too late for any window."""
    waiting: int = 0
    """Labels that began to wait for their prediction, less those that were judged after waiting: may be negative."""
    moved: Count = 0
    """Written to the partition that their key belongs to, and accounted for there."""
    refused: Count = 0
    """Not valid: dead-lettered by the service that judges the topic."""
    repeated: Count = 0
    """For information: counted events whose id came twice within one batch. Of labels: pairs that corrected ones took
    away, so that counted - repeated is what windows gain."""
    unknown_fields: Count = 0
    """For information: counted events with fields the contract does not know."""
    high_ms: TimeMs | None = None
