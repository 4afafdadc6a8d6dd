"""What a policy sees in one window, and what it remembers of the windows before."""

from collections.abc import Callable
from typing import NamedTuple

from schemas.base import Count, Record, TimeMs
from schemas.monitor import Monitor
from services.triggers.series import AnyWindow, Past

EVIDENCE = 10
"""Ids kept of a run's windows: of the first, and of the newest."""
DAY_MS = 86_400_000


class Run(Record):
    """How far one policy is with one model version: consecutive windows that speak for retraining, and their sum."""

    policy: str
    """Digest of the policy: one that was changed begins anew."""
    start_ms: TimeMs
    """Of the newest window looked at."""
    end_ms: TimeMs
    total: Count = 0
    """Windows; of a volume policy, labels."""
    opened_ms: TimeMs | None = None
    """Start of the first."""
    windows: tuple[str, ...] = ()


class Sight(NamedTuple):
    """One window, as one policy sees it."""

    beyond: bool
    """Whether it speaks for retraining; a window that does not ends the run."""
    amount: int
    """What it adds to the run."""
    wanted: int
    """What a run adds up to when the policy asks."""
    tell: Callable[[Run], str]
    """The reason in a sentence, once the run is long enough."""
    lapses: bool = False
    """Whether it speaks for now only: no run goes on with it."""


class Scene(NamedTuple):
    """What a policy may look at."""

    window: AnyWindow
    monitor: Monitor
    incidents: Past
    """The series of incidents, this window included."""
    before: Run | None
    """The policy's own run, this window not included."""


def step(before: Run | None, sight: Sight, window: AnyWindow, policy: str) -> Run:
    """The run after one more window; `policy` is its digest."""
    run = Run(policy=policy, start_ms=window.start_ms, end_ms=window.end_ms)
    if not sight.beyond:
        return run
    follows = before is not None and before.policy == policy and not sight.lapses
    going_on = before if before is not None and follows else run
    windows = (*going_on.windows, window.window_id)
    return run.model_copy(
        update={
            "total": going_on.total + sight.amount,
            "opened_ms": window.start_ms if going_on.opened_ms is None else going_on.opened_ms,
            "windows": (windows[0], *windows[1:][1 - EVIDENCE :]),
        }
    )


def emptied(run: Run) -> Run:
    """The run, begun anew at the same position."""
    return run.model_copy(update={"total": 0, "opened_ms": None, "windows": ()})


def size_from_a_day(sizes: list[int]) -> int:
    """The size that policies judge unless they name one."""
    return min((size for size in sizes if size >= DAY_MS), default=max(sizes))


def in_a_row(sentence: str, run: Run) -> str:
    """The sentence, with how often in a row where it was more than once."""
    return f"{sentence.removesuffix('.')}; {run.total:,} windows in a row." if run.total > 1 else sentence
