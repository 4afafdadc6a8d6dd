"""Silence is an outcome: a canary without events, or without measurements, has not shown that it is well.

No false-alarm bound: windows are counted, not tested. Assumed: windows of one length, closed in order.
"""

from dataclasses import dataclass

ALLOWED = 3
"""Windows in a row without a comparison that are still a lull."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing could be compared lately: look whether traffic reaches the canary and whether it is measured."""

    windows: int
    """Closed windows in a row without a measurement of one arm or the other."""

    def __str__(self) -> str:
        return f"silent: nothing to compare in the last {self.windows} windows"


def quiet_after(quiet: int, n_canary: int, n_stable: int) -> int:
    """Windows in a row that compared nothing, after one with so many measurements of the arms."""
    return 0 if n_canary > 0 and n_stable > 0 else quiet + 1


def silence(quiet: int, allowed: int = ALLOWED) -> Silent | None:
    """Silent beyond the allowed number of quiet windows in a row."""
    return Silent(quiet) if quiet > allowed else None
