"""How far figures are from the reference's: now less then, by name."""

from collections.abc import Mapping

from stats.performance.estimate import Estimate, Figure
from stats.performance.interval import difference


def gaps(now: Mapping[str, Figure], reference: Mapping[str, Figure]) -> dict[str, Figure]:
    """The difference of every figure that both name, in its own unit, with its interval at the level of both.

    Both samples' chance is in it. Where one side has no value, its reason is the difference's, that of `now` first.
    """
    return {name: _gap(figure, reference[name]) for name, figure in now.items() if name in reference}


def _gap(now: Figure, reference: Figure) -> Figure:
    if not isinstance(now, Estimate):
        return now
    if not isinstance(reference, Estimate):
        return reference
    return difference(now, reference)
