"""Statistics' figures as a window tells them."""

from collections.abc import Mapping

from schemas.performance_window import Figure
from stats.outcome import TooFew
from stats.performance import estimate
from stats.performance.estimate import Estimate, Undefined

_COUNTS_PREDICTIONS = frozenset({"coverage"})


def figure(found: estimate.Figure, of: str = "labels") -> Figure:
    """One figure; `of` names what there are too few of."""
    match found:
        case TooFew(needed=needed, have=have):
            return Figure(n=have, why_not=f"too few {of}: {have:,} of {needed:,}")
        case Undefined():
            return Figure(n=0, why_not=str(found))
        case Estimate(value, low, high, n, resolution):
            return Figure(value=value, low=low, high=high, n=n, resolution=resolution)


def figures(found: Mapping[str, estimate.Figure], of: str = "labels") -> dict[str, Figure]:
    """Figures by name. Coverage is a share of predictions, whatever the others are made from."""
    return {name: figure(one, "predictions" if name in _COUNTS_PREDICTIONS else of) for name, one in found.items()}
