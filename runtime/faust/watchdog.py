"""Notices what nobody reports: a partition that no longer moves, and a process that was suspended.

Faust can wedge in silence (its fetcher, its stream and its commits are separate tasks), and a process that was stopped
past its session may write for partitions that are another's by then. Both end the process; it starts anew from Kafka.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

from runtime.clock import Clock
from runtime.faust.halt import halt

TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one source partition is. Offsets are those of the next record; None: not known yet."""

    end: int | None
    """Where committed records end, according to the broker."""
    place: int | None
    """Where fetching is."""
    taken: int | None
    """Behind the last record handed on."""
    finished: int | None
    """Behind the last record whose effects went out."""
    committed: int | None
    recovered: int
    """Changelog records read."""

    @property
    def is_behind(self) -> bool:
        """Whether there is something to do."""
        return (
            (self.end or 0) > (self.place or 0)
            or (self.taken or 0) > (self.finished or 0)
            or (self.finished or 0) > (self.committed or 0)
        )

    @property
    def lag(self) -> int:
        """Offsets not fetched yet, and those fetched but not finished."""
        waiting = 0 if self.taken is None else self.taken - (self.finished or self.committed or self.taken - 1)
        return max(0, (self.end or 0) - (self.place or 0)) + max(0, waiting)


class StallDetector:
    """Says which partition has something to do and has not moved for `stall_s`. Pure but for its memory."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._moved: dict[int, tuple[Progress, float]] = {}

    def observe(self, now_s: float, progress: Mapping[int, Progress]) -> int | None:
        """Takes a look; returns a stalled partition, or None."""
        for partition in self._moved.keys() - progress.keys():
            del self._moved[partition]
        for partition, current in progress.items():
            before, since_s = self._moved.get(partition, (None, now_s))
            if before is None or not current.is_behind or _moved(before, current):
                self._moved[partition] = (current, now_s)
            elif now_s - since_s >= self._stall_s:
                return partition
        return None


def _moved(before: Progress, current: Progress) -> bool:
    """Whether anything but the end of the topic moved."""
    return (before.place, before.taken, before.finished, before.committed, before.recovered) != (
        current.place,
        current.taken,
        current.finished,
        current.committed,
        current.recovered,
    )


class Lease:
    """This process may write only while it has not been suspended: a thread renews it, a writer checks it."""

    def __init__(self, clock: Clock, lease_s: float, give_up: Callable[[str, str], NoReturn] = halt) -> None:
        self._clock = clock
        self._lease_s = lease_s
        self._give_up = give_up
        self._renewed_s = clock.monotonic()

    def renew(self) -> None:
        """Called every TICK_S by a running process; a suspended one notices here, too."""
        self.check()
        self._renewed_s = self._clock.monotonic()

    def check(self) -> None:
        """Ends the process when it did not run for longer than the lease."""
        absent_s = self._clock.monotonic() - self._renewed_s
        if absent_s > self._lease_s:
            self._give_up(
                f"this process did not run for {absent_s:.1f} s; its partitions may be another's by now",
                "nothing, if it starts again by itself; else look for a suspended or starved machine",
            )


class Watchdog(threading.Thread):
    """Renews the lease and looks for stalls until the process ends."""

    def __init__(
        self,
        clock: Clock,
        lease: Lease,
        stalls: StallDetector,
        *,
        look: Callable[[], Mapping[int, Progress]],
        on_alive: Callable[[Mapping[int, Progress]], None],
        give_up: Callable[[str, str], NoReturn] = halt,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._clock = clock
        self._lease = lease
        self._stalls = stalls
        self._look = look
        self._on_alive = on_alive
        self._give_up = give_up

    def run(self) -> None:
        """Ticks."""
        while True:
            self._clock.sleep(TICK_S)
            self._lease.renew()
            progress = self._look()
            stalled = self._stalls.observe(self._clock.monotonic(), progress)
            if stalled is not None:
                self._give_up(
                    f"partition {stalled} has something to do and does not move: {progress[stalled]}",
                    "nothing, if it goes on after the restart; else look at the record it stands at",
                )
            self._on_alive(progress)
