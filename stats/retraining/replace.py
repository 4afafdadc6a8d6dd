"""Keep the model, retrain it, or replace it by another kind: advice from what the last three retrains brought.

Every retrain is judged on fresh labels, the new version and the one before on the same rows. In order:

1. keep where the level is surely within a point of the target: LCB(level) ≥ target − 1 pp;
2. retrain where retraining surely helps, LCB(g) > 0, by half a point, g ≥ 0.5 pp; and plan a replacement where the
   level surely missed the target after each of the last two retrains all the same, UCB(level) < target;
3. replace where retraining surely brings less than a point, UCB(g) < 1 pp, and UCB(level) < target;
4. collect more.

g = (b − c)/n over the three together, with the standard error √(b + c − (b − c)²/n)/n of paired shares; the level is
the newest version's share of right answers with Wilson's interval. Bounds are the ends of 95 % intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.interval import around, share

Verdict = Literal["keep", "retrain", "replace", "collect more"]

RETRAINS = 3
LEVEL_SLACK = 0.01
LEAST_GAIN = 0.005
HOPED_GAIN = 0.01


@dataclass(frozen=True, slots=True)
class Retrain:
    """One retrain, on n fresh labelled rows."""

    gained: int
    """b: rows that only the new version had right."""
    lost: int
    """c: rows that only the one before had right."""
    right: int
    """Rows that the new version had right."""
    n: int

    def __post_init__(self) -> None:
        if not (min(self.gained, self.lost) >= 0 and self.gained <= self.right <= self.n - self.lost):
            raise ValueError(f"{self}: gained are among the right, lost among the wrong of the same rows")


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and the figures it follows from."""

    verdict: Verdict
    plan_replacement: bool
    """With retrain: the target is missed all the same."""
    gain: Estimate | TooFew
    """g, 0 to 1, of the last three retrains together; where there are fewer of them, `needed` counts retrains."""
    level: Estimate | TooFew
    """Share of right answers of the newest version."""
    target: float
    sentence: str


def advise(retrains: Sequence[Retrain], target: float, *, level: float = LEVEL, min_count: int = MIN_COUNT) -> Advice:
    """Advice from retrains, oldest first, of which the last three count; `target` is a share of right answers."""
    if not 0 < target <= 1:
        raise ValueError(f"the target is {target:g}: give a share of right answers above 0 and at most 1")
    gain = _gain(retrains[-RETRAINS:], level, min_count)
    levels = [share(of.right, of.n, level=level, min_count=min_count) for of in retrains[-2:]]
    newest = levels[-1] if levels else TooFew(needed=min_count, have=0)
    verdict = _verdict(gain, newest, target)
    plan = verdict == "retrain" and len(levels) > 1 and all(_misses(of, target) for of in levels)
    return Advice(verdict, plan, gain, newest, target, _sentence(verdict, gain, newest, target, plan=plan))


def _verdict(gain: Estimate | TooFew, newest: Estimate | TooFew, target: float) -> Verdict:
    if isinstance(newest, Estimate) and newest.low >= target - LEVEL_SLACK:
        return "keep"
    if isinstance(gain, Estimate):
        if gain.low > 0 and gain.value >= LEAST_GAIN:
            return "retrain"
        if gain.high < HOPED_GAIN and _misses(newest, target):
            return "replace"
    return "collect more"


def _gain(retrains: Sequence[Retrain], level: float, min_count: int) -> Estimate | TooFew:
    if len(retrains) < RETRAINS:
        return TooFew(needed=RETRAINS, have=len(retrains))
    b, c, n = (sum(parts) for parts in zip(*((of.gained, of.lost, of.n) for of in retrains), strict=True))
    if few := too_few(n, min_count):
        return few
    return around((b - c) / n, sqrt(b + c - (b - c) ** 2 / n) / n, n, level, -1.0, 1.0)


def _misses(newest: Estimate | TooFew, target: float) -> bool:
    return isinstance(newest, Estimate) and newest.high < target


def _sentence(
    verdict: Verdict, gain: Estimate | TooFew, newest: Estimate | TooFew, target: float, *, plan: bool
) -> str:
    told = {
        "keep": "Keep the model",
        "retrain": "Retrain the model" + (" and plan a replacement" if plan else ""),
        "replace": "Replace the model by another kind",
        "collect more": "Collect more labels and retrains before deciding",
    }[verdict]
    return f"{told}: {_of_level(newest)} against a target of {target:.1%}, and {_of_gain(gain)}."


def _of_level(newest: Estimate | TooFew) -> str:
    if isinstance(newest, TooFew):
        return f"there are {newest.have} labels of the newest version, {newest.needed} are needed,"
    return f"it is right in {newest.value:.1%} ({newest.low:.1%} to {newest.high:.1%})"


def _of_gain(gain: Estimate | TooFew) -> str:
    if isinstance(gain, TooFew):
        what = "retrains" if gain.needed == RETRAINS else "labels of the last retrains"
        return f"there are {gain.have} of the {gain.needed} {what} that are needed"
    low, high = (f"{100 * end:+.2f}" for end in (gain.low, gain.high))
    return f"the last {RETRAINS} retrains brought {100 * gain.value:+.2f} points each ({low} to {high})"
