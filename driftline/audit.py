"""The conservation audit: every event on `predictions` is counted, dead-lettered, a duplicate or late, exactly once.

Pure functions over what was read from the topics; driftline/accounts.py reads them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal

from driftline.output import count
from schemas.ledger import Ledger

Outcome = Literal["balanced", "pending", "broken", "not_checked"]
FOLD = "drift-fold"
WINDOWS = "drift-windows"


@dataclass(frozen=True, slots=True)
class Partition:
    """Where one partition of the source topic begins and ends now."""

    topic_id: str
    partition: int
    low: int
    end: int


@dataclass(frozen=True, slots=True)
class WindowCount:
    """What the newest revision of one window of all events says."""

    model: str
    size_ms: int
    start_ms: int
    n: int
    final: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything the audit looks at."""

    partitions: Sequence[Partition]
    ledger: Sequence[Ledger]
    dead_letters: Mapping[str, int]
    """By reason, those of the fold."""
    profiled: Mapping[str, int]
    """Events in profiles, by model: slices of segment "" only."""
    windows: Sequence[WindowCount]
    truncated: frozenset[str] = frozenset()
    """Topics whose oldest records retention has already deleted."""


@dataclass(frozen=True, slots=True)
class Check:
    """One equation and whether it holds."""

    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Audit:
    """All checks and the verdict: the worst of them."""

    checks: tuple[Check, ...]
    events: int
    counted: int
    dead: dict[str, int]
    duplicate: int
    late: int
    pending: int
    """Offsets of the source topic that no ledger record accounts for yet."""
    verdict: Outcome = field(init=False)

    def __post_init__(self) -> None:
        outcomes = {check.outcome for check in self.checks}
        object.__setattr__(self, "verdict", next((o for o in ("broken", "pending") if o in outcomes), "balanced"))

    def as_json(self) -> dict[str, Any]:
        """The audit as a JSON document."""
        return {"verdict": self.verdict} | asdict(self)


def audit(accounts: Accounts) -> Audit:
    """Checks every equation over the accounts."""
    fold = distinct(record for record in accounts.ledger if record.service == FOLD)
    counted = _total(record.counted for record in fold)
    dead = _total(record.dead for record in fold)
    late = _total(record.late for record in fold)
    late_windows = _total(record.late for record in accounts.ledger if record.service == WINDOWS)
    events = sum(record.events for record in fold)
    duplicate = sum(record.duplicate for record in fold)
    tiles, pending = tiling(accounts.partitions, fold)
    checks = (
        tiles if "ledger" not in accounts.truncated else _skipped(tiles.name, "ledger"),
        conservation(events, counted.total() + dead.total() + duplicate + late.total()),
        _unless(accounts, ("ledger", "dead-letters"), dead_letters(dead, accounts.dead_letters)),
        _unless(accounts, ("ledger", "profiles"), profiles(counted, accounts.profiled)),
        _unless(accounts, ("ledger", "windows"), windows(counted, late_windows, accounts.windows)),
    )
    return Audit(checks, events, counted.total(), dict(dead), duplicate, late.total() + late_windows.total(), pending)


def distinct(ledger: Iterable[Ledger]) -> list[Ledger]:
    """The records without empty ranges and exact repeats of a range."""
    by_range = {(record.source.key, record.source.start, record.source.end): record for record in ledger}
    return [record for (_, start, end), record in by_range.items() if end > start]


def tiling(partitions: Sequence[Partition], ledger: Sequence[Ledger]) -> tuple[Check, int]:
    """Whether ledger ranges cover each partition without gap or overlap; and how many offsets are still to be read."""
    ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record in ledger:
        ranges[record.source.key].append((record.source.start, record.source.end))
    faults, pending = [], 0
    for partition in partitions:
        reached = partition.low
        for index, (start, end) in enumerate(sorted(ranges[f"{partition.topic_id}/{partition.partition}"])):
            # The first range may reach back before what retention has left of the topic.
            if start > reached or (start < reached and index > 0):
                kind = "gap" if start > reached else "overlap"
                faults.append(
                    f"{kind} on partition {partition.partition}: offsets {min(start, reached)} to {max(start, reached)}"
                )
            reached = max(reached, end)
        pending += max(partition.end - reached, 0)
    if faults:
        return Check("ranges", "broken", "; ".join(faults)), pending
    if pending:
        return Check("ranges", "pending", f"{count(pending)} offsets are not read yet"), pending
    return Check("ranges", "balanced", f"ledger ranges tile {len(partitions)} partitions from first to last offset"), 0


def conservation(events: int, judged: int) -> Check:
    """Whether each event read was judged exactly once."""
    became = "counted, dead-lettered, duplicate or late"
    if events != judged:
        return Check("events", "broken", f"{count(events)} read, but {count(judged)} {became}")
    return Check("events", "balanced", f"{count(events)} read = {became}")


def dead_letters(ledger: Mapping[str, int], topic: Mapping[str, int]) -> Check:
    """Whether the topic holds as many dead letters of each reason as the ledger says."""
    held = f"{count(sum(topic.values()))} on the topic, each in the ledger"
    return _agreement("dead letters", {"ledger": ledger, "topic": topic}, held)


def profiles(counted: Mapping[str, int], profiled: Mapping[str, int]) -> Check:
    """Whether profiles hold what the ledger counted, model by model."""
    held = f"{count(sum(profiled.values()))} events in profiles, each counted once"
    return _agreement("profiles", {"counted": counted, "in profiles": profiled}, held)


def _agreement(name: str, accounts: Mapping[str, Mapping[str, int]], held: str) -> Check:
    """Whether two accounts, by what they are called, have the same count for every key."""
    keys = sorted({key for account in accounts.values() for key in account})
    by_key = {key: {of: account.get(key, 0) for of, account in accounts.items()} for key in keys}
    wrong = [
        f"{key}: " + ", ".join(f"{of} {count(n)}" for of, n in figures.items())
        for key, figures in by_key.items()
        if len(set(figures.values())) > 1
    ]
    return Check(name, "broken" if wrong else "balanced", "; ".join(wrong) or held)


def windows(counted: Mapping[str, int], late: Mapping[str, int], found: Iterable[WindowCount]) -> Check:
    """Whether the smallest windows of each model, laid end to end, hold every counted event that was not too late.

    Of a sliding window, every (size ÷ slide)-th is taken: those that begin at a multiple of the size tile time.
    """
    by_model = {
        model: list(group)
        for model, group in groupby(sorted(found, key=lambda w: (w.model, w.size_ms)), lambda w: w.model)
    }
    broken, pending, total = [], [], 0
    for model, expected in counted.items():
        tiles = by_model.get(model, [])
        smallest = min((window.size_ms for window in tiles), default=0)
        tiles = [w for w in tiles if w.size_ms == smallest and w.start_ms % smallest == 0]
        held = sum(window.n for window in tiles)
        missing = expected - late.get(model, 0) - held
        still_open = sum(not window.final for window in tiles)
        total += held
        if missing < 0:
            broken.append(f"{model}: windows hold {count(-missing)} events more than were counted")
        elif missing > 0:
            pending.append(f"{model}: {count(missing)} counted events are in no window yet")
        elif still_open:
            pending.append(f"{model}: all events are in windows, {count(still_open)} of them not closed yet")
    if broken or pending:
        return Check("windows", "broken" if broken else "pending", "; ".join(broken + pending))
    return Check(
        "windows",
        "balanced",
        f"{count(total)} events in windows laid end to end, {count(sum(late.values()))} too late",
    )


def _total(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return total


def _unless(accounts: Accounts, topics: tuple[str, ...], check: Check) -> Check:
    gone = [topic for topic in topics if topic in accounts.truncated]
    return _skipped(check.name, gone[0]) if gone else check


def _skipped(name: str, topic: str) -> Check:
    return Check(name, "not_checked", f"retention has deleted the oldest records of {topic}")
