"""Reads what the audit looks at.

The stream may be running meanwhile, so the order matters: windows first, then the ledger, then what the ledger speaks
of, each cut off where the ledger ended. Whatever is found then was written before the ledger that accounts for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from driftline import reading
from driftline.audit import FOLD, Accounts, Partition, WindowCount
from driftline.reading import Entry
from runtime.admin import end_offsets, start_offsets, topic_ids
from runtime.settings import KafkaSettings
from schemas.ledger import Ledger

SOURCE = "predictions"
TRUNCATED = ("ledger", "profiles", "dead-letters")
"""Topics whose oldest records retention may have deleted, so that sums over them say nothing."""
Reach = Mapping[str, int]
"""End offset that the ledger accounts for, by source partition (`SourceRange.key`)."""


class _Source(BaseModel):
    topic_id: str
    partition: int
    end: int


class _Slice(BaseModel):
    segment: str
    n: int


class _Profile(BaseModel):
    """The counts of a profile; a mark has no slices. The cells are left unread."""

    source: _Source
    model: str = ""
    slices: tuple[_Slice, ...] = ()


class _Window(BaseModel):
    model: str
    segment: str
    size_ms: int
    start_ms: int
    n: int
    final: bool


class _DeadLetter(BaseModel):
    service: str
    reason: str
    topic: str
    partition: int
    offset: int


def read(settings: KafkaSettings) -> Accounts:
    """Everything the audit needs. Raises CommandError when Kafka cannot be reached."""
    windows = reading.greatest(settings, "windows", _Window)
    topic_id = topic_ids(settings, [SOURCE])[SOURCE]
    ledger = accounts_of(reading.read(settings, "ledger", Ledger), topic_id)
    reach = reached(ledger)
    profiled = (entry.record for entry in reading.read(settings, "profiles", _Profile))
    dead = (entry.record for entry in reading.read(settings, "dead-letters", _DeadLetter))
    first, last = start_offsets(settings, [SOURCE, *TRUNCATED]), end_offsets(settings, [SOURCE])[SOURCE]
    return Accounts(
        ledger=ledger,
        dead_letters=count_dead(dead, topic_id, reach),
        profiled=count_profiles(profiled, reach),
        windows=[
            WindowCount(window.model, window.size_ms, window.start_ms, window.n, window.final)
            for window in windows
            if not window.segment
        ],
        partitions=[Partition(topic_id, number, first[SOURCE][number], last[number]) for number in sorted(last)],
        truncated=frozenset(topic for topic in TRUNCATED if any(first[topic].values())),
    )


def accounts_of(ledger: Iterable[Entry[Ledger]], topic_id: str) -> list[Ledger]:
    """The records about the source topic as it is now.

    Those of late events come again, under the same key, when their service replays.
    """
    fold: list[Ledger] = []
    late: dict[str, Ledger] = {}
    for entry in ledger:
        if entry.record.source.topic_id == topic_id:
            if entry.record.service == FOLD:
                fold.append(entry.record)
            else:
                late[entry.key] = entry.record
    return [*fold, *late.values()]


def reached(ledger: Iterable[Ledger]) -> Reach:
    """How far the fold's ledger records reach."""
    reach: dict[str, int] = {}
    for record in ledger:
        if record.service == FOLD:
            reach[record.source.key] = max(reach.get(record.source.key, 0), record.source.end)
    return reach


def count_profiles(profiles: Iterable[_Profile], reach: Reach) -> Counter[str]:
    """Events in profiles by model, up to `reach`."""
    counted: Counter[str] = Counter()
    for profile in profiles:
        source = f"{profile.source.topic_id}/{profile.source.partition}"
        if profile.source.end <= reach.get(source, 0):
            counted[profile.model] += sum(part.n for part in profile.slices if not part.segment)
    return +counted


def count_dead(letters: Iterable[_DeadLetter], topic_id: str, reach: Reach) -> Counter[str]:
    """Dead letters of the fold by reason, up to `reach`."""
    return Counter(
        letter.reason
        for letter in letters
        if letter.service == FOLD and letter.offset < reach.get(f"{topic_id}/{letter.partition}", 0)
    )
