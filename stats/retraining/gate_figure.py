"""What a rule of a gate looked at, and whether it let it pass."""

from collections.abc import Iterable
from dataclasses import dataclass

from stats.outcome import TooFew


@dataclass(frozen=True, slots=True)
class GateFigure:
    """One rule's figure, of one feature (group, case, …) or of the whole; the unit is in `detail`."""

    rule: str
    feature: str | None
    value: float | None
    """None where the figure could not be found, which never passes, and where none was asked for (`not_judged`)."""
    bound: float | None
    passed: bool
    detail: str
    """A sentence that names feature, rule and figure."""


def at_most(rule: str, feature: str | None, value: float, bound: float, detail: str) -> GateFigure:
    """Passes up to and at the bound; NaN never does."""
    return GateFigure(rule, feature, value, bound, value <= bound, detail)


def at_least(rule: str, feature: str | None, value: float, bound: float, detail: str) -> GateFigure:
    """Passes from the bound on; NaN never does."""
    return GateFigure(rule, feature, value, bound, value >= bound, detail)


def unknown(rule: str, feature: str | None, bound: float | None, why: str | TooFew) -> GateFigure:
    """A figure that could not be found: no evidence is no pass."""
    subject = f"{feature!r}: " if feature is not None else ""
    return GateFigure(rule, feature, None, bound, passed=False, detail=f"{subject}{rule} cannot be judged, {why}")


def not_judged(rule: str, why: str) -> GateFigure:
    """A rule that does not apply, and the reason: nobody is held to it."""
    return GateFigure(rule, None, None, None, passed=True, detail=f"{rule} is not judged: {why}")


def failed(figures: Iterable[GateFigure]) -> tuple[GateFigure, ...]:
    """The figures that did not pass, in the order of the rules."""
    return tuple(figure for figure in figures if not figure.passed)


def passed(figures: Iterable[GateFigure]) -> bool:
    """Whether the gate lets through what these figures are of: every one passed."""
    return not failed(figures)
