"""The hot loop: takes a batch, folds it, commits what came of it with its offsets, until told to stop."""

import gc
import math
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Literal

import structlog

from runtime.clock import Clock
from runtime.log.overdue import HALTED
from runtime.log.protocol import Batch, LogHalted, OutRecord, Rewound, TransactionalLog

DRAINED = 0
_FIRST_RECORDS = 200
"""Taken before anything is known of their size."""
_SAMPLED = 64
"""Every so many records one is measured."""
_COLLECT_EVERY = 100
_REWINDS_IN_A_ROW = 20

_logger = structlog.get_logger(__name__)

Fold = Callable[[Batch, int], Iterable[OutRecord]]
"""(batch, wall clock in ms) → records. Pure: a batch that is rewound is folded again. May raise Postponed."""


class Postponed(Exception):  # noqa: N818  an event, not an error
    """The fold is not done, and comes back to the batch: until then the group must hear that this process lives."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a transaction takes, and how often one is made."""

    max_records: int = 10_000
    max_bytes: int = 64 * 1_048_576
    """About, going by the records of the batch before: one record may hold a thousand events."""
    linger_s: float = 0.3
    """How long a batch that is not full is waited for: fewer transactions for more latency."""
    heartbeat_s: float = 2.0
    """Without records a batch of empty ranges is committed this often: readers learn how far we are."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one turn of the loop did, for metrics and health."""

    outcome: Literal["idle", "reassigned", "committed", "rewound", "postponed"]
    batch: Batch | None = None
    """The batch committed, rewound or postponed."""
    fold_s: float = 0.0
    commit_s: float = 0.0


def run(
    log: TransactionalLog,
    fold: Fold,
    stop: Event,
    clock: Clock,
    *,
    pace: Pace | None = None,
    observe: Callable[[Step], None] = lambda _: None,
) -> int:
    """Runs until `stop` is set, then ends the batch under way and closes the log. Returns the exit code.

    `observe` is called after every turn, about every `pace.linger_s` while all is well: silence means it hangs.
    What `fold` raises ends the loop.
    """
    with _collector_at_rest() as collect:
        try:
            for step in _steps(log, fold, stop, clock, pace or Pace()):
                observe(step)
                collect()
        except LogHalted as halted:
            _logger.critical("log_halted", what=halted.what, next_step=halted.next_step)
            return HALTED  # clients that can no longer be trusted are not asked to close
        log.close()
        return DRAINED


def stop_on_signals() -> Event:
    """An event that SIGTERM or SIGINT sets. Call it from the main thread."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _steps(log: TransactionalLog, fold: Fold, stop: Event, clock: Clock, pace: Pace) -> Iterator[Step]:
    caught_up: frozenset[int] = frozenset()
    due_s = -math.inf
    rewinds = 0
    records = min(_FIRST_RECORDS, pace.max_records)
    while not stop.is_set():
        batch = log.poll(records, pace.linger_s)
        if batch is None:
            caught_up = frozenset()
            yield Step("reassigned")
            continue
        records = _room(batch, pace, records)
        began_s = clock.monotonic()
        news = batch.moved or not batch.caught_up <= caught_up
        if not batch.ranges or not (news or began_s >= due_s):
            yield Step("idle")
            continue
        try:
            out = list(fold(batch, clock.wall_ms()))
        except Postponed:
            log.rewind()
            caught_up = frozenset()
            yield Step("postponed", batch, clock.monotonic() - began_s)
            continue
        folded_s = clock.monotonic()
        try:
            log.commit(batch, out)
        except Rewound:
            rewinds += 1
            if rewinds == _REWINDS_IN_A_ROW:
                raise _never_commits() from None
            caught_up = frozenset()
            yield Step("rewound", batch, folded_s - began_s, clock.monotonic() - folded_s)
            continue
        rewinds = 0
        caught_up = batch.caught_up
        due_s = began_s + pace.heartbeat_s
        yield Step("committed", batch, folded_s - began_s, clock.monotonic() - folded_s)


def _room(batch: Batch, pace: Pace, before: int) -> int:
    """How many records like those of a batch the next one may take; as many as before where it has none."""
    sizes = [len(message.value() or b"") for message in batch.messages[::_SAMPLED]]
    if not sizes:
        return before
    fitting = pace.max_bytes * len(sizes) // max(sum(sizes), 1)
    return max(1, min(pace.max_records, fitting))


def _never_commits() -> LogHalted:
    return LogHalted(
        f"{_REWINDS_IN_A_ROW} transactions in a row were aborted",
        "look for the reason in the log above, and for slots of the group that come and go",
    )


@contextmanager
def _collector_at_rest() -> Iterator[Callable[[], None]]:
    """Keeps the garbage collector off the batches; yields what runs it now and then, between them."""
    turns = 0

    def collect() -> None:
        nonlocal turns
        turns += 1
        if turns % _COLLECT_EVERY == 0:
            gc.collect()

    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield collect
    finally:
        gc.enable()
        gc.unfreeze()
