"""Whether a candidate may take production's place: every figure of it against its bound, nothing skipped.

A figure that could not be found, of too few rows or not measured, does not pass: no evidence is no consent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stats.outcome import TooFew
from stats.performance.calibration_error import calibration_error, chance
from stats.performance.estimate import Estimate, Figure
from stats.performance.exact_sum import Cells
from stats.performance.fairness import Fairness
from stats.performance.layout import OutcomeLayout
from stats.retraining.gate_figure import GateFigure, at_least, at_most, unknown
from stats.retraining.paired import Comparison
from stats.retraining.regression_cases import RegressionCases

_SHOWN = 10
"""Broken cases that a sentence names."""


@dataclass(frozen=True, slots=True)
class ModelBounds:
    """A figure at its bound passes; None leaves a rule out, which then nobody holds the candidate to."""

    impact_ratio: float | None = 0.8
    """The four-fifths rule, whichever of two groups is selected less."""
    odds_difference: float | None = 0.2
    calibration_error: float | None = 0.05
    """Expected calibration error beyond what chance shows."""
    broken_cases: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """A cost of the candidate, as its latency in milliseconds or its size in bytes."""

    rule: str
    """With its unit: latency_p99_ms, size_bytes."""
    value: float | None
    """None where it was not measured."""
    bound: float
    """At most."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """All that was found about a candidate on the holdout."""

    layout: OutcomeLayout
    cells: Cells
    """Its outcomes, int64[layout.size]."""
    primary: Sequence[Comparison]
    """At least one; each must be better by its margin."""
    guards: Sequence[Comparison]
    """With margins below 0: none may be worse by so much."""
    cases: RegressionCases
    fairness: Mapping[str, Fairness] = field(default_factory=dict)
    """By protected attribute: stats/performance/fairness.py."""
    budgets: Sequence[Budget] = ()


def model_gate(candidate: Candidate, bounds: ModelBounds = ModelBounds()) -> tuple[GateFigure, ...]:
    """Figures of all rules; the candidate passes where all of them do."""
    return tuple(figure for rule in _RULES for figure in rule(candidate, bounds))


def _primary(candidate: Candidate, _: ModelBounds) -> Iterator[GateFigure]:
    if not candidate.primary:
        yield unknown("primary", None, None, "no figure was compared with production: name the one that counts")
    yield from (_compared("primary", comparison) for comparison in candidate.primary)


def _guards(candidate: Candidate, _: ModelBounds) -> Iterator[GateFigure]:
    yield from (_compared("guard", comparison) for comparison in candidate.guards)


def _compared(rule: str, found: Comparison) -> GateFigure:
    gain = found.difference
    if isinstance(gain, TooFew) or isinstance(found.better, TooFew):
        return unknown(rule, found.metric, found.margin, gain if isinstance(gain, TooFew) else "too few rows")
    detail = (
        f"{found.metric!r}: {found.candidate:.5g} against production's {found.production:.5g}, a gain of "
        f"{gain.value:+.4g} ({gain.low:+.4g} to {gain.high:+.4g}, p = {found.p_value:.2g}) that must surely be above "
        f"{found.margin:g}"
    )
    return GateFigure(rule, found.metric, gain.low, found.margin, found.better, detail)


def _cases(candidate: Candidate, bounds: ModelBounds) -> Iterator[GateFigure]:
    cases, broken = candidate.cases, candidate.cases.broken
    named = ": " + ", ".join(map(str, broken[:_SHOWN])) + " …" * (len(broken) > _SHOWN) if broken else ""
    right = f"{cases.candidate_right} of {cases.n} right"
    if not cases.n:
        told = "there are none"
    elif cases.production_right is None:
        told = f"{right}, production could not be asked, so each must be right; {len(broken)} are wrong{named}"
    else:
        told = (
            f"{right}, of production {cases.production_right}; {len(broken)} that production had right are wrong{named}"
        )
    detail = f"regression cases: {told}"
    yield at_most("regression_cases", None, len(broken), bounds.broken_cases, detail)


def _fairness(candidate: Candidate, bounds: ModelBounds) -> Iterator[GateFigure]:
    for attribute, found in candidate.fairness.items():
        if not found.disparity:
            yield unknown("fairness", attribute, None, "all rows are of one group: take a holdout that has the others")
        for group, disparity in found.disparity.items():
            name = f"{attribute}={group}"
            if bounds.impact_ratio is not None:
                yield _impact(name, found.against, disparity.impact_ratio, bounds.impact_ratio)
            if bounds.odds_difference is not None:
                yield _odds(name, found.against, disparity.odds_difference, bounds.odds_difference)


def _impact(name: str, against: str, found: Figure, bound: float) -> GateFigure:
    if not isinstance(found, Estimate):
        return unknown("impact_ratio", name, bound, str(found))
    times = f"{found.value:.3f} times as often ({found.low:.3f} to {found.high:.3f})"
    value = min(found.value, 1 / found.value) if found.value else 0.0
    return at_least("impact_ratio", name, value, bound, f"{name!r} is selected {times} as {against!r}")


def _odds(name: str, against: str, found: Figure, bound: float) -> GateFigure:
    if not isinstance(found, Estimate):
        return unknown("odds_difference", name, bound, str(found))
    detail = f"{name!r} has odds that differ by {found.value:.3f} from {against!r}, {found.low:.3f} to {found.high:.3f}"
    return at_most("odds_difference", name, found.value, bound, detail)


def _calibration(candidate: Candidate, bounds: ModelBounds) -> Iterator[GateFigure]:
    bound = bounds.calibration_error
    if candidate.layout.task == "regression" or bound is None:
        return
    found = calibration_error(candidate.layout, candidate.cells)
    if isinstance(found, TooFew):
        yield unknown("calibration_error", None, bound, found)
        return
    beyond = max(found.value - chance(candidate.layout, candidate.cells), 0.0)
    detail = f"calibration_error is {found.value:.4f}, {beyond:.4f} beyond what chance shows, {bound:g} is the most"
    yield at_most("calibration_error", None, beyond, bound, detail)


def _budgets(candidate: Candidate, _: ModelBounds) -> Iterator[GateFigure]:
    for budget in candidate.budgets:
        if budget.value is None:
            yield unknown(budget.rule, None, budget.bound, "it was not measured: measure it on the candidate")
        else:
            detail = f"{budget.rule} is {round(budget.value, 2):,.10g}, {budget.bound:,.10g} is the most"
            yield at_most(budget.rule, None, budget.value, budget.bound, detail)


_RULES = (_primary, _guards, _cases, _fairness, _calibration, _budgets)
