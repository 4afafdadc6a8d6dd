"""The conservation audit: what became of every event on `predictions` and `labels`, exactly once.

Pure functions over what was read from the topics; driftline/accounts.py reads them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from driftline.balances import (
    Check,
    Outcome,
    Partition,
    WindowCount,
    agreement,
    conservation,
    dead_letters,
    distinct,
    in_windows,
    tiling,
    total,
    unread,
)
from driftline.output import count
from schemas.ledger import Ledger
from schemas.outcome import By

FOLD, WINDOWS = "drift-fold", "drift-windows"
REGISTRY = "registry"
"""The check of what is no event."""
JOIN, OUTCOME_WINDOWS = "performance-join", "performance-windows"
READS: Mapping[str, tuple[str, ...]] = MappingProxyType({FOLD: ("predictions",), JOIN: ("predictions", "labels")})
"""Services that account for every record of a topic."""
_OLDER = " (a window holds those of one baseline: where it changed, the others stay out)"
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Accounts:
    """Everything the audit looks at."""

    partitions: Sequence[Partition]
    """Of `predictions` and `labels`."""
    ledger: Sequence[Ledger]
    dead_letters: Mapping[str, Mapping[str, int]]
    """By service and reason."""
    profiled: Mapping[str, int]
    """Events in profiles, by model: slices of segment "" only."""
    windows: Sequence[WindowCount]
    paired: Mapping[By, Mapping[str, int]] = field(default_factory=dict)
    """Pairs in outcomes, by kind of time and model: what was added less what was taken away, segment "" only."""
    labelled: Sequence[WindowCount] = ()
    """Labels in performance windows by prediction time."""
    dead_meanwhile: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Dead letters that were written while the audit read."""
    truncated: frozenset[str] = frozenset()
    """Topics whose oldest records retention has already deleted."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one service says became of one topic."""

    service: str
    topic: str
    events: int
    counted: int
    """Of labels: joined or corrected."""
    dead: dict[str, int]
    duplicate: int
    late: int
    waiting: int
    """Labels whose prediction has not come yet."""
    moved: int
    """Written to the partition of their key; of drift-fold, copies that were, and had been counted before."""
    refused: int
    pending: int
    """Offsets that no ledger record accounts for yet."""


@dataclass(frozen=True, slots=True)
class Audit:
    """All checks and the verdict: the worst of them."""

    checks: tuple[Check, ...]
    accounts: tuple[Account, ...]
    verdict: Outcome = field(init=False)

    def __post_init__(self) -> None:
        outcomes = {check.outcome for check in self.checks}
        object.__setattr__(self, "verdict", next((o for o in ("broken", "pending") if o in outcomes), "balanced"))

    def beside(self, check: Check | None) -> "Audit":
        """The same audit with a check of something else than events."""
        return self if check is None else Audit((*self.checks, check), self.accounts)

    def as_json(self) -> dict[str, Any]:
        """The audit as a JSON document."""
        return {"verdict": self.verdict} | asdict(self)


def audit(accounts: Accounts) -> Audit:
    """Checks every equation over the accounts; those of performance once there are labels, or somebody to join them."""
    joins = any(record.service == JOIN for record in accounts.ledger)
    labels = any(part.end > part.low for part in accounts.partitions if part.topic == "labels")
    services = (FOLD, JOIN) if joins or labels else (FOLD,)
    checks = [*_drift(accounts), *(_performance(accounts) if JOIN in services else ())]
    found = (_account(accounts, service, topic) for service in services for topic in READS[service])
    return Audit(tuple(checks), tuple(found))


def _drift(accounts: Accounts) -> Iterator[Check]:
    fold = _of(accounts, FOLD, "predictions")
    counted = total(record.counted for record in fold)
    dead = total(record.dead for record in fold)
    yield _unless(accounts, ("ledger",), tiling("ranges", _partitions(accounts, "predictions"), fold))
    yield conservation("events", fold, "counted, dead-lettered, duplicate, late, or copies of moved ones")
    yield _unless(accounts, ("ledger", "dead-letters"), _dead(accounts, "dead letters", FOLD, dead))
    held = f"{count(sum(accounts.profiled.values()))} events in profiles, each counted once"
    agree = agreement("profiles", {"counted": counted, "in profiles": accounts.profiled}, held)
    yield _unless(accounts, ("ledger", "profiles"), agree)
    windows = in_windows("windows", counted, _late(accounts, WINDOWS), accounts.windows, what="events")
    yield _unless(accounts, ("ledger", "windows"), windows)


def _performance(accounts: Accounts) -> Iterator[Check]:
    predictions, labels = (_of(accounts, JOIN, topic) for topic in READS[JOIN])
    for topic, ledger in zip(READS[JOIN], (predictions, labels), strict=True):
        ranges = tiling(f"ranges of {topic}, joined", _partitions(accounts, topic), ledger)
        yield _unless(accounts, ("ledger",), ranges)
    yield conservation(
        "predictions, joined",
        predictions,
        "kept for their labels, dead-lettered, duplicate, late, moved or refused",
    )
    yield _labels(labels)
    dead = total(record.dead for record in (*predictions, *labels))
    yield _unless(accounts, ("ledger", "dead-letters"), _dead(accounts, "dead letters, joined", JOIN, dead))
    yield _unless(accounts, ("ledger", "outcomes"), _pairs(labels, accounts.paired))
    paired = accounts.paired.get("prediction_time", _NOTHING)
    late = _late(accounts, OUTCOME_WINDOWS)
    windows = in_windows("performance windows", paired, late, accounts.labelled, what="pairs", unless=_OLDER)
    yield _unless(accounts, ("outcomes", "windows"), windows)


def _labels(ledger: Sequence[Ledger]) -> Check:
    """Whether each label was judged once, or waits for its prediction."""
    check = conservation("labels", ledger, "joined, corrected, duplicate, dead-lettered, moved or waiting")
    waiting = sum(record.waiting for record in ledger)
    if check.outcome != "balanced":
        return check
    if waiting < 0:
        return Check("labels", "broken", f"{count(-waiting)} labels more were judged after waiting than began to wait")
    corrected = _corrected(ledger)
    became = {
        "joined": sum(sum(record.counted.values()) for record in ledger) - corrected,
        "corrected": corrected,
        "duplicate": sum(record.duplicate for record in ledger),
        "dead-lettered": total(record.dead for record in ledger).total(),
        "moved": sum(record.moved for record in ledger),
        "waiting": waiting,
    }
    events = sum(record.events for record in ledger)
    return Check(
        "labels", "balanced", f"{count(events)} read = " + " + ".join(f"{count(n)} {of}" for of, n in became.items())
    )


def _corrected(ledger: Iterable[Ledger]) -> int:
    """Labels that took an earlier one's place: of labels, that is what `repeated` counts."""
    return sum(record.repeated for record in ledger)


def _pairs(ledger: Sequence[Ledger], paired: Mapping[By, Mapping[str, int]]) -> Check:
    """Whether outcomes hold the same pairs by either time: as many as labels joined, but for versions nobody knows.

    The labels of a version without classes are joined, and stand in no outcome: the ledger does not tell them apart.
    """
    by_prediction, by_label = (paired.get(by, _NOTHING) for by in ("prediction_time", "label_time"))
    joined = sum(sum(record.counted.values()) for record in ledger) - _corrected(ledger)
    pairs = sum(by_prediction.values())
    if pairs > joined:
        return Check("pairs", "broken", f"{count(pairs)} pairs in outcomes, but {count(joined)} labels were joined")
    held = f"{count(pairs)} pairs by prediction time, as many by label time" + (
        f"; {count(joined - pairs)} labels joined predictions of versions whose classes nobody knows"
        if joined > pairs
        else ", each label that was joined"
    )
    return agreement("pairs", {"by prediction time": by_prediction, "by label time": by_label}, held)


def _account(accounts: Accounts, service: str, topic: str) -> Account:
    ledger = _of(accounts, service, topic)
    late = sum(sum(record.late.values()) for record in ledger)
    return Account(
        service=service,
        topic=topic,
        events=sum(record.events for record in ledger),
        counted=sum(sum(record.counted.values()) for record in ledger),
        dead=dict(total(record.dead for record in ledger)),
        duplicate=sum(record.duplicate for record in ledger),
        late=late + (_late(accounts, WINDOWS).total() if service == FOLD else 0),
        waiting=sum(record.waiting for record in ledger),
        moved=sum(record.moved for record in ledger),
        refused=sum(record.refused for record in ledger),
        pending=unread(_partitions(accounts, topic), ledger),
    )


def _partitions(accounts: Accounts, topic: str) -> list[Partition]:
    return [part for part in accounts.partitions if part.topic == topic]


def _of(accounts: Accounts, service: str, topic: str) -> list[Ledger]:
    """A service's records about a topic as it is now."""
    keys = {part.key for part in _partitions(accounts, topic)}
    return distinct(record for record in accounts.ledger if record.service == service and record.source.key in keys)


def _late(accounts: Accounts, service: str) -> Counter[str]:
    return total(record.late for record in accounts.ledger if record.service == service)


def _dead(accounts: Accounts, name: str, service: str, ledger: Mapping[str, int]) -> Check:
    found, meanwhile = (of.get(service, _NOTHING) for of in (accounts.dead_letters, accounts.dead_meanwhile))
    return dead_letters(name, ledger, found, meanwhile)


def _unless(accounts: Accounts, topics: tuple[str, ...], check: Check) -> Check:
    gone = [topic for topic in topics if topic in accounts.truncated]
    if gone:
        return Check(check.name, "not_checked", f"retention has deleted the oldest records of {gone[0]}")
    return check
