"""One score a candidate, from several figures against production's: for choosing among those that passed the gates.

Of every criterion the distance d to its ideal (accuracy 1, a loss, a latency, a size 0) becomes u = p/(p + d), with
production's distance p: ½ for production itself, towards 1 near the ideal, towards 0 far away, strictly falling in d.
Halving a latency so counts as much as halving errors, no figure can outweigh all others, and units drop out. Of a
figure that has no ideal (requests a second: the more the better) u = x/(x + p). The score is the weighted mean of u.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, inf, isfinite

PARITY = 0.5
"""Production's own score."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What counts, and how much."""

    name: str
    weight: float
    ideal: float = 0.0
    """In the figure's unit; infinity for figures above 0 that are the better the greater."""

    def __post_init__(self) -> None:
        if not (isfinite(self.weight) and self.weight > 0) or not (isfinite(self.ideal) or self.ideal == inf):
            raise ValueError(f"criterion {self.name!r}: give a weight above 0, and a number or infinity as ideal")


@dataclass(frozen=True, slots=True)
class Composite:
    """One candidate's score, and what each criterion gave to it."""

    candidate: str
    score: float
    """0 to 1: above PARITY it is better than production on the whole."""
    utilities: Mapping[str, float]
    """By criterion, 0 to 1, in their order."""


def composite(
    criteria: Sequence[Criterion], production: Mapping[str, float], candidates: Mapping[str, Mapping[str, float]]
) -> tuple[Composite, ...]:
    """Scores every candidate's figures, best first.

    Of equal scores the one that is better by the first criterion where they differ comes first, then the lesser name.
    ValueError without criteria, and for a figure that is missing or not finite.
    """
    if not criteria or len({criterion.name for criterion in criteria}) < len(criteria):
        raise ValueError("give at least one criterion, and each once")
    total = fsum(criterion.weight for criterion in criteria)

    def scored(name: str, figures: Mapping[str, float]) -> Composite:
        utilities = {
            of.name: _utility(of, _figure(production, of, "production"), _figure(figures, of, name)) for of in criteria
        }
        return Composite(name, fsum(of.weight * utilities[of.name] for of in criteria) / total, utilities)

    found = (scored(name, figures) for name, figures in candidates.items())
    return tuple(sorted(found, key=lambda of: (-of.score, *(-u for u in of.utilities.values()), of.candidate)))


def _utility(criterion: Criterion, was: float, now: float) -> float:
    if criterion.ideal == inf:
        return _share(now, was)
    return _share(abs(was - criterion.ideal), abs(now - criterion.ideal))


def _share(part: float, other: float) -> float:
    return part / (part + other) if part + other else PARITY


def _figure(figures: Mapping[str, float], criterion: Criterion, of: str) -> float:
    value = figures.get(criterion.name)
    if value is None or not isfinite(value) or (criterion.ideal == inf and value < 0):
        raise ValueError(f"{of} has no usable {criterion.name!r} ({value}): measure it, or drop the criterion")
    return value
