"""The equations of the audit, each a pure function over counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from driftline.output import count
from schemas.ledger import Ledger

Outcome = Literal["balanced", "pending", "broken", "not_checked"]


@dataclass(frozen=True, slots=True)
class Partition:
    """Where one partition of a source topic begins and ends now."""

    topic: str
    """As the catalogue calls it."""
    topic_id: str
    partition: int
    low: int
    end: int

    @property
    def key(self) -> str:
        """As in `SourceRange.key`."""
        return f"{self.topic_id}/{self.partition}"


@dataclass(frozen=True, slots=True)
class WindowCount:
    """What the newest revision of one window of all events says."""

    model: str
    size_ms: int
    start_ms: int
    n: int
    """Events counted; of a performance window, labels."""
    final: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One equation and whether it holds."""

    name: str
    outcome: Outcome
    detail: str


def distinct(ledger: Iterable[Ledger]) -> list[Ledger]:
    """The records without exact repeats of a range, and without empty ranges that nothing became of.

    Something may become of an empty range of labels: those that waited are judged when predictions come.
    """
    by_range: dict[tuple[str, int, int, int], Ledger] = {}
    for number, record in enumerate(ledger):
        source = record.source
        if source.end > source.start:
            by_range[source.key, source.start, source.end, -1] = record
        elif record.events or judged(record) or record.waiting:
            by_range[source.key, source.start, source.end, number] = record
    return list(by_range.values())


def judged(record: Ledger) -> int:
    """Events of a record, by what became of them."""
    became = sum(record.counted.values()) + sum(record.dead.values()) + sum(record.late.values())
    return became + record.duplicate + record.waiting + record.moved + record.refused


def unread(partitions: Iterable[Partition], ledger: Iterable[Ledger]) -> int:
    """Offsets beyond the last range of each partition."""
    reach: dict[str, int] = {}
    for record in ledger:
        reach[record.source.key] = max(reach.get(record.source.key, 0), record.source.end)
    return sum(max(part.end - max(reach.get(part.key, 0), part.low), 0) for part in partitions)


def tiling(name: str, partitions: Sequence[Partition], ledger: Sequence[Ledger]) -> Check:
    """Whether ledger ranges cover each partition without gap or overlap."""
    ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record in ledger:
        ranges[record.source.key].append((record.source.start, record.source.end))
    faults = []
    for partition in partitions:
        reached = partition.low
        covered = sorted(one for one in ranges[partition.key] if one[1] > one[0])
        for index, (start, end) in enumerate(covered):
            # The first range may reach back before what retention has left of the topic.
            if start > reached or (start < reached and index > 0):
                kind = "gap" if start > reached else "overlap"
                faults.append(
                    f"{kind} on partition {partition.partition}: offsets {min(start, reached)} to {max(start, reached)}"
                )
            reached = max(reached, end)
    if faults:
        return Check(name, "broken", "; ".join(faults))
    if pending := unread(partitions, ledger):
        return Check(name, "pending", f"{count(pending)} offsets are not read yet")
    return Check(name, "balanced", f"ledger ranges tile {len(partitions)} partitions from first to last offset")


def conservation(name: str, ledger: Sequence[Ledger], became: str) -> Check:
    """Whether each event read was judged exactly once, record by record; `became` says what can become of them."""
    wrong = [record for record in ledger if record.events != judged(record)]
    if wrong:
        source = wrong[0].source
        return Check(
            name,
            "broken",
            f"{count(sum(record.events for record in wrong))} read, but {count(sum(map(judged, wrong)))} {became}, in "
            f"{count(len(wrong))} ranges; the first: partition {source.partition}, offsets {source.start} to "
            f"{source.end}",
        )
    return Check(name, "balanced", f"{count(sum(record.events for record in ledger))} read = {became}")


def dead_letters(name: str, ledger: Mapping[str, int], topic: Mapping[str, int], meanwhile: Mapping[str, int]) -> Check:
    """Whether the topic holds as many dead letters of each reason as the ledger says.

    Those written `meanwhile`, while the audit read, may be in the ledger as it was read or not.
    """
    held = f"{count(sum(topic.values()))} on the topic, each in the ledger"
    within = {
        key: min(max(ledger.get(key, 0), topic.get(key, 0)), topic.get(key, 0) + n) for key, n in meanwhile.items()
    }
    return agreement(name, {"ledger": ledger, "topic": {**topic, **within}}, held)


def agreement(name: str, accounts: Mapping[str, Mapping[str, int]], held: str) -> Check:
    """Whether two accounts, by what they are called, have the same count for every key."""
    keys = sorted({key for account in accounts.values() for key in account})
    by_key = {key: {of: account.get(key, 0) for of, account in accounts.items()} for key in keys}
    wrong = [
        f"{key}: " + ", ".join(f"{of} {count(n)}" for of, n in figures.items())
        for key, figures in by_key.items()
        if len(set(figures.values())) > 1
    ]
    return Check(name, "broken" if wrong else "balanced", "; ".join(wrong) or held)


def in_windows(
    name: str,
    counted: Mapping[str, int],
    late: Mapping[str, int],
    found: Iterable[WindowCount],
    *,
    what: str,
    unless: str = "",
) -> Check:
    """Whether the smallest windows of each model, laid end to end, hold all that was counted and not too late.

    `unless` says what never comes into one.
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
            broken.append(f"{model}: windows hold {count(-missing)} {what} more than were counted")
        elif missing > 0:
            pending.append(f"{model}: {count(missing)} counted {what} are in no window yet{unless}")
        elif still_open:
            pending.append(f"{model}: all {what} are in windows, {count(still_open)} of them not closed yet")
    if broken or pending:
        return Check(name, "broken" if broken else "pending", "; ".join(broken + pending))
    return Check(
        name, "balanced", f"{count(total)} {what} in windows laid end to end, {count(sum(late.values()))} too late"
    )


def total(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum by key."""
    summed: Counter[str] = Counter()
    for part in parts:
        summed.update(part)
    return summed
