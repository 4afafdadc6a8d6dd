"""Which columns of a data file play which part."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parts:
    """Names of columns."""

    prediction: str | None = None
    score: str | None = None
    """Probability of the positive class, of two."""
    label: str | None = None
    time: str | None = None
    features: tuple[str, ...] | None = None
    """None: every column without another part."""
    exclude: frozenset[str] = frozenset()
    """Columns that are no features, such as ids."""
    categorical: frozenset[str] = frozenset()
    """Columns to take as categories though they hold numbers."""
    probabilities: Mapping[str, str] = field(default_factory=dict)
    """By class, the column of its probability."""

    @property
    def answers(self) -> tuple[str, ...]:
        """The columns that say what the model answered, and how surely."""
        return tuple(name for name in (self.prediction, self.score, *self.probabilities.values()) if name)

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that are no features."""
        return tuple(name for name in (*self.answers, self.label, self.time) if name)
