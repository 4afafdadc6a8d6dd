"""Named outcomes of a statistic that cannot be computed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TooFew:
    """There is too little data for the figure asked for: wait for more, or ask over a longer window."""

    needed: int
    """Observations the figure needs at least."""
    have: int
    """Observations there are."""

    def __str__(self) -> str:
        return f"too few: {self.have} of at least {self.needed}"
