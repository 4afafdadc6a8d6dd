"""Reads what the audit looks at.

The stream may be running meanwhile, so the order matters: windows first, then the ledger, then what the ledger speaks
of, each cut off where the ledger ended. Whatever is found then was written before the ledger that accounts for it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Literal

from pydantic import BaseModel, Field

from driftline import reading
from driftline.audit import JOIN, READS, Accounts, Audit, audit
from driftline.balances import Partition, WindowCount
from driftline.reading import Entry
from runtime.admin import end_offsets, start_offsets, topic_ids
from runtime.clock import Clock
from runtime.settings import KafkaSettings
from schemas.ledger import Ledger
from schemas.outcome import By

SOURCES = tuple(dict.fromkeys(chain.from_iterable(READS.values())))
TRUNCATED = ("ledger", "profiles", "outcomes", "dead-letters")
"""Topics whose oldest records retention may have deleted, so that sums over them say nothing."""
_CONFIRMATIONS = 2
_PAUSE_S = 3.0
Reach = Mapping[tuple[str, str], int]
"""End offset that the ledger accounts for, by service and source partition (`SourceRange.key`)."""


class _Source(BaseModel):
    topic_id: str
    partition: int
    end: int

    @property
    def key(self) -> str:
        return f"{self.topic_id}/{self.partition}"


class _Slice(BaseModel):
    segment: str
    n: int


class _Partial(BaseModel):
    """The counts of a profile or an outcome; a mark has no slices. The cells are left unread."""

    source: _Source
    model: str = ""
    by: By = "prediction_time"
    slices: tuple[_Slice, ...] = ()


class _Window(BaseModel):
    schema_: Literal["driftline.window/1"] = Field(alias="schema")
    model: str
    segment: str
    size_ms: int
    start_ms: int
    n: int
    final: bool


class _PerformanceWindow(BaseModel):
    schema_: Literal["driftline.performance-window/1"] = Field(alias="schema")
    by: By
    model: str
    segment: str
    size_ms: int
    start_ms: int
    labelled: int
    final: bool


class _DeadLetter(BaseModel):
    service: str
    reason: str
    topic: str
    partition: int
    offset: int


def confirmed(accounts: Callable[[], Accounts], clock: Clock) -> Audit:
    """The audit of what was read; what is broken is read again, and must be found so each time.

    The end of a transaction reaches its partitions one after another: for a moment, long where the brokers struggle,
    the ledger has what it accounts for and its readers have not.
    """
    found = audit(accounts())
    for _ in range(_CONFIRMATIONS):
        if found.verdict != "broken":
            break
        clock.sleep(_PAUSE_S)
        found = audit(accounts())
    return found


def read(settings: KafkaSettings) -> Accounts:
    """Everything the audit needs. Raises CommandError when Kafka cannot be reached."""
    windows = reading.greatest(settings, "windows", _Window)
    labelled = reading.greatest(settings, "windows", _PerformanceWindow)
    written = end_offsets(settings, ["dead-letters"], committed=True)["dead-letters"]
    ids = topic_ids(settings, SOURCES)
    ledger = accounts_of(reading.read(settings, "ledger", Ledger), ids)
    reach = reached(ledger)
    letters = [
        letter for letter in reading.read(settings, "dead-letters", _DeadLetter) if within(letter.record, ids, reach)
    ]
    first, last = start_offsets(settings, [*SOURCES, *TRUNCATED]), end_offsets(settings, SOURCES)
    return Accounts(
        partitions=[
            Partition(topic, ids[topic], number, first[topic][number], end)
            for topic in SOURCES
            for number, end in sorted(last[topic].items())
        ],
        ledger=ledger,
        dead_letters=count_dead(letter.record for letter in letters if letter.offset < written[letter.partition]),
        dead_meanwhile=count_dead(letter.record for letter in letters if letter.offset >= written[letter.partition]),
        profiled=count_partials(
            (entry.record for entry in reading.read(settings, "profiles", _Partial)),
            {key: end for (service, key), end in reach.items() if service != JOIN},
        ).get("prediction_time", {}),
        paired=count_partials(
            (entry.record for entry in reading.read(settings, "outcomes", _Partial)),
            joint(reach, ids, first),
        ),
        windows=[
            WindowCount(window.model, window.size_ms, window.start_ms, window.n, window.final)
            for window in windows
            if not window.segment
        ],
        labelled=[
            WindowCount(window.model, window.size_ms, window.start_ms, window.labelled, window.final)
            for window in labelled
            if not window.segment and window.by == "prediction_time"
        ],
        truncated=frozenset(topic for topic in TRUNCATED if any(first[topic].values())),
    )


def accounts_of(ledger: Iterable[Entry[Ledger]], ids: Mapping[str, str]) -> list[Ledger]:
    """The records about the source topics as they are now, by topic and id; outcomes come of both at once.

    Those of late events come again, under the same key, when their service replays.
    """
    known = {*ids.values(), "+".join(ids[topic] for topic in READS[JOIN])}
    exact: list[Ledger] = []
    late: dict[str, Ledger] = {}
    for entry in ledger:
        if entry.record.source.topic_id in known:
            if entry.record.service in READS:
                exact.append(entry.record)
            else:
                late[entry.key] = entry.record
    return [*exact, *late.values()]


def reached(ledger: Iterable[Ledger]) -> Reach:
    """How far the ledger records of each service that reads the sources reach."""
    reach: dict[tuple[str, str], int] = {}
    for record in ledger:
        if record.service in READS:
            place = (record.service, record.source.key)
            reach[place] = max(reach.get(place, 0), record.source.end)
    return reach


def joint(reach: Reach, ids: Mapping[str, str], first: Mapping[str, Mapping[int, int]]) -> dict[str, int]:
    """How far the join's records reach in both topics together, by the key of their joint source (docs/adr/0015)."""
    topics = READS[JOIN]
    joined = "+".join(ids[topic] for topic in topics)
    return {
        f"{joined}/{number}": sum(
            reach.get((JOIN, f"{ids[topic]}/{number}"), first[topic].get(number, 0)) for topic in topics
        )
        for number in first[topics[0]]
    }


def count_partials(partials: Iterable[_Partial], reach: Mapping[str, int]) -> dict[By, Counter[str]]:
    """Events in profiles, or pairs in outcomes, by kind of time and model, up to `reach` by source."""
    counted: dict[By, Counter[str]] = defaultdict(Counter)
    for partial in partials:
        if partial.source.end <= reach.get(partial.source.key, 0):
            counted[partial.by][partial.model] += sum(part.n for part in partial.slices if not part.segment)
    return {by: Counter({model: n for model, n in models.items() if n}) for by, models in counted.items()}


def within(letter: _DeadLetter, ids: Mapping[str, str], reach: Reach) -> bool:
    """Whether the ledger accounts for the event of a dead letter, of a service that reads the sources."""
    place = (letter.service, f"{ids.get(letter.topic)}/{letter.partition}")
    return letter.offset < reach.get(place, 0)


def count_dead(letters: Iterable[_DeadLetter]) -> dict[str, Counter[str]]:
    """Dead letters by service and reason."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for letter in letters:
        counted[letter.service][letter.reason] += 1
    return counted
