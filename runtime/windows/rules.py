"""What the windows of one series are: sizes, and how long they wait for what comes late."""

from dataclasses import dataclass
from typing import Protocol

from schemas.windowing import WindowSpec, levels_ms

WEEK_MS = 604_800_000
COMPARABLE_MS = 3_600_000
"""Levels this long or longer are kept a week further, for the comparison with the week before."""


class WindowRules(Protocol):
    """As schemas.monitor.Monitor has them. Durations in milliseconds: event time, but for idle and early."""

    @property
    def windows(self) -> tuple[WindowSpec, ...]:
        """Every slide is a multiple of the pane."""
        ...

    @property
    def pane(self) -> int:
        """What a slice of a partial spans."""
        ...

    @property
    def lateness(self) -> int:
        """A window closes when every source partition has passed its end by this much."""
        ...

    @property
    def horizon(self) -> int:
        """What comes later than this after closing is in no window."""
        ...

    @property
    def idle(self) -> int:
        """A partition read to its end and silent for so long (wall time) no longer holds windows open."""
        ...

    @property
    def early(self) -> int:
        """A window that changed is published again at most this often (wall time)."""
        ...

    @property
    def segment_limit(self) -> int:
        """Values kept apart in each dimension of segments."""
        ...

    @property
    def levels_ms(self) -> tuple[int, ...]:
        """The distinct slides of the windows: at each one row is kept a step."""
        ...


@dataclass(frozen=True)
class Rules:
    """Rules that are no monitor's own; a service may add fields."""

    windows: tuple[WindowSpec, ...]
    pane: int
    lateness: int
    horizon: int
    idle: int
    early: int
    segment_limit: int

    @property
    def levels_ms(self) -> tuple[int, ...]:
        """The distinct slides of the windows."""
        return levels_ms(self.windows)


def retention_ms(level_ms: int, rules: WindowRules) -> int:
    """How long after its end (event time) a row can still be asked for."""
    longest = max((spec.size for spec in rules.windows if spec.slide_ms == level_ms), default=level_ms)
    return longest + rules.horizon + (WEEK_MS if level_ms >= COMPARABLE_MS else 0)
