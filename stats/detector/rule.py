"""When a deviation is told: the false-alarm budget, what is tolerated, and the effects worth telling."""

import math
from dataclasses import dataclass, fields

from stats.detector.hours import DAY_MS, HOUR_MS

MONTH_MS = 30 * DAY_MS

_LEAST = {"pane_ms": 1_000, "z": 0, "tolerance": 0, "volume_tolerance": 0}
"""Settings not named here are above 0."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Settings of a detector. An effect at `*_message` or beyond is a message, at `*_page` or beyond a page."""

    budget: float = 1.0
    """False alarms a model and month of 30 days, at most, in expectation."""
    pane_ms: int = HOUR_MS
    z: float = 3.0
    """How many standard errors of the finite reference are paid for."""
    tolerance: float = 0.05
    """χ distance from the reference that is no drift: for a small shift of location, its size in σ."""
    message: float = 0.02
    """PSI_adj since the onset."""
    page: float = 0.1
    rate_message: float = 0.01
    """Change of the rate of missing, non-finite or unseen values."""
    rate_page: float = 0.1
    volume_tolerance: float = 0.1
    """Relative change of the number of events that is no drift."""
    volume_message: float = 0.1
    """Relative change of the number of events."""
    volume_page: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), _LEAST.get(field.name)
            if not math.isfinite(value) or (value <= 0 if least is None else value < least):
                wanted = "above 0" if least is None else f"at least {least}"
                raise ValueError(f"{field.name} is {value}: it must be finite and {wanted}")

    @property
    def panes_a_month(self) -> float:
        """How many looks a month has."""
        return MONTH_MS / self.pane_ms

    def bound(self, rows: int) -> float:
        """ln(F · panes a month / budget) for F watched rows."""
        return math.log(rows * self.panes_a_month / self.budget)
