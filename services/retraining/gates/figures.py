"""Figures of both models on the holdout, as the registry keeps them."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.performance_window import Figure
from services.retraining.gates.results import identifier
from services.retraining.gates.trial import Pairing, Side
from stats.outcome import TooFew
from stats.performance import estimate
from stats.performance.estimate import Estimate, Undefined
from stats.performance.labelled import NOT_OF_ROWS
from stats.performance.metrics import performance


class Measured(NamedTuple):
    """Both models on all rows that production answered itself, or on those of a segment."""

    segment: str
    """`dimension=value`; empty for all."""
    production: dict[str, Figure]
    candidate: dict[str, Figure]


def figures(pairing: Pairing, most: int) -> Iterator[Measured]:
    """Of all rows, then of the `most` largest groups of every dimension."""
    for segment, rows in {"": pairing, **segments(pairing, most)}.items():
        yield Measured(segment, _figures(rows, "production"), _figures(rows, "candidate"))


def segments(pairing: Pairing, most: int) -> dict[str, Pairing]:
    """Rows by `dimension=value`: of every dimension the `most` largest groups, dimensions by name."""
    return {
        identifier(f"{dimension}={value}"): rows
        for dimension in sorted(pairing.segments)
        for value, rows in list(pairing.groups(dimension).items())[:most]
    }


def _figures(pairing: Pairing, side: Side) -> dict[str, Figure]:
    found = performance(pairing.layout, pairing.cells(side)).figures
    return {name: _figure(one) for name, one in found.items() if name not in NOT_OF_ROWS}


def _figure(found: estimate.Figure) -> Figure:
    match found:
        case TooFew(needed=needed, have=have):
            return Figure(n=have, why_not=f"too few labels: {have:,} of {needed:,}")
        case Undefined():
            return Figure(n=0, why_not=str(found))
        case Estimate(value, low, high, n, resolution):
            return Figure(value=value, low=low, high=high, n=n, resolution=resolution)
