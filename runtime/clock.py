"""The only place that reads a clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """Time as services see it: passed in, so that tests can hold it still."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...


class SystemClock:
    """The machine's clock."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000  # noqa: TID251  the one place that may

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told; sleeping moves it."""

    def __init__(self, wall_ms: int = 1_700_000_000_000) -> None:
        self._wall_ms = wall_ms
        self._monotonic = 0.0

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return self._wall_ms

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Moves time forward."""
        self._wall_ms += round(seconds * 1_000)
        self._monotonic += seconds
