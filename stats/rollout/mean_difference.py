"""How much higher a canary's mean is: a confidence sequence that holds at every window at once, stratified by window.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021, Time-uniform central limit theory and asymptotic confidence
sequences, https://arxiv.org/abs/2103.06476. Arms are compared within windows only, so that a ramp over a season or a
trend cannot pass for a difference (Simpson's paradox). With h = n_c n_b/(n_c + n_b), sums over windows

    H = Σh,  S = Σh(ȳ_c − ȳ_b),  V = σ̂² H,  σ̂² the variance within windows, of the arm where it is greater,

the interval is S/H ± √[(V + ρ) ln((V + ρ)/(ρα²))]/H. P(it ever misses the mean difference) is near α at most, and near
α/2 on either side: asymptotically, so nothing is said before a burn-in. ρ is fixed before the rollout (`rho_for`).
Simulated with 2 % errors: below α/2 on either side for equal arms, up to 1.4 α where a small arm varies twice as much.

The variance of S is σ_c² Σh²/n_c + σ_b² Σh²/n_b, which is σ² H for equal arms. It is taken at the greater one because a
small arm of rare events has had none at first, and its own variance would then be 0: with σ̂_c² and σ̂_b² apart, a
canary of 5 in 100 events a window was called better by mistake in 10 to 14 of 100 simulated rollouts, at α = 5 %. So V
is too wide where one arm truly varies less.

Assumed: the arms of a window see traffic alike, so a window ends where weights change; events are independent given the
past, and no single one outweighs the rest; an arm's variance changes little over the rollout (with the square root of
that change the interval is too narrow or too wide). y is a cost: higher is worse; give it about a fixed centre if its
mean is far beyond its spread.
"""

from dataclasses import dataclass
from math import isfinite, log, sqrt
from typing import Literal, Self

from stats.outcome import TooFew
from stats.performance.estimate import Estimate

MIN_CANARY = 100
MIN_EVENTS = 30
MIN_FREEDOM = 30
"""Degrees of freedom of an arm's variance: events beyond the first of each window."""


@dataclass(frozen=True, slots=True)
class ArmSums:
    """One arm's sums over a closed window, or over a part of it: parts of a window add up."""

    n: int = 0
    events: int = 0
    """Of the n, those with y ≠ 0."""
    total: float = 0.0
    """Σy, in the unit of y."""
    squares: float = 0.0
    """Σy²."""

    def __post_init__(self) -> None:
        if not (0 <= self.events <= self.n and isfinite(self.total) and isfinite(self.squares) and self.squares >= 0):
            raise ValueError(f"{self}: give finite sums over n observations of which `events` are not 0")

    def __add__(self, other: "ArmSums") -> "ArmSums":
        return ArmSums(
            self.n + other.n, self.events + other.events, self.total + other.total, self.squares + other.squares
        )

    @classmethod
    def of_counts(cls, n: int, x: int) -> Self:
        """Sums of n observations of 0 or 1, x of them 1."""
        return cls(n, x, float(x), float(x))


@dataclass(frozen=True, slots=True)
class ArmSpread:
    """What is known of one arm over all windows: plain numbers."""

    n: int = 0
    within: float = 0.0
    """Σ(y − ȳ)² about the means of the windows."""
    freedom: int = 0


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """What the sequence carries from window to window: plain, finite numbers, the same whatever the windows' order."""

    weight: float = 0.0
    """H."""
    difference: float = 0.0
    """S."""
    events: int = 0
    """Observations other than 0, of both arms."""
    canary: ArmSpread = ArmSpread()
    stable: ArmSpread = ArmSpread()


@dataclass(frozen=True, slots=True)
class Margins:
    """What a rollout promises beforehand, in the unit of y."""

    harm: float
    """Worse is what is surely worse by more than this."""
    non_inferiority: float
    """As good is what is surely worse by less than this."""
    rho: float
    alpha: float
    rates: bool = False
    """Whether y is 0 or 1. Then the burn-in also ends when a canary worse by the margin would have had its events: a
    version that is never wrong is as good, too."""

    def __post_init__(self) -> None:
        if not (self.harm >= 0 and self.non_inferiority > 0 and self.rho > 0 and 0 < self.alpha < 1):
            raise ValueError(
                f"{self}: give a harm margin of 0 or more, a non-inferiority margin and rho above 0, alpha in (0, 1)"
            )


def rho_for(variance: float, events: float, weight: float, *, alpha: float) -> float:
    """ρ that makes the interval tightest after so many `events` of both arms, a share `weight` of them the canary's.

    V is variance·events·weight·(1 − weight) then, and ρ = V/(2 ln(1/α) + ln(1 + 2 ln(1/α))), by the paper's appendix.
    """
    if not (variance > 0 and events > 0 and 0 < weight < 1 and 0 < alpha < 1):
        raise ValueError(
            f"variance {variance:g}, {events:g} events, weight {weight:g}, alpha {alpha:g}: give what is expected "
            "of the rollout, all above 0, weight and alpha below 1"
        )
    doubled = -2 * log(alpha)
    return variance * events * weight * (1 - weight) / (doubled + log(1 + doubled))


def step(state: MeanDifference, canary: ArmSums, stable: ArmSums) -> MeanDifference:
    """The state after a closed window. One with a single arm compares nothing and leaves the state as it is."""
    if canary.n == 0 or stable.n == 0:
        return state
    h = canary.n * stable.n / (canary.n + stable.n)
    return MeanDifference(
        state.weight + h,
        state.difference + h * (canary.total / canary.n - stable.total / stable.n),
        state.events + canary.events + stable.events,
        _spread(state.canary, canary),
        _spread(state.stable, stable),
    )


def interval(state: MeanDifference, *, rho: float, alpha: float, expected: float = 0.0) -> Estimate | TooFew:
    """The canary's mean less the stable version's, over the windows so far; `n` counts canary events.

    TooFew during the burn-in counts what is lacking: canary events, events other than 0 (seen, or `expected` of a
    canary that is worse), or degrees of freedom.
    """
    freedom = min(state.canary.freedom, state.stable.freedom)
    for needed, have in (
        (MIN_CANARY, state.canary.n),
        (MIN_EVENTS, max(state.events, int(expected))),
        (MIN_FREEDOM, freedom),
    ):
        if have < needed:
            return TooFew(needed=needed, have=have)
    variance = max(arm.within / arm.freedom for arm in (state.canary, state.stable))
    spread = variance * state.weight + rho
    half = sqrt(spread * (log(spread / rho) - 2 * log(alpha))) / state.weight
    value = state.difference / state.weight
    return Estimate(value, value - half, value + half, state.canary.n)


def verdict(state: MeanDifference, margins: Margins) -> Literal["worse", "as good", "inconclusive"] | TooFew:
    """Worse: the lower bound exceeds the harm margin. As good: the upper bound is below the non-inferiority margin.

    Either is false, at any window ever, with a chance near alpha/2. Where both hold, a small harm is certain: worse.
    """
    expected = state.canary.n * margins.non_inferiority if margins.rates else 0.0
    found = interval(state, rho=margins.rho, alpha=margins.alpha, expected=expected)
    if isinstance(found, TooFew):
        return found
    if found.low > margins.harm:
        return "worse"
    return "as good" if found.high < margins.non_inferiority else "inconclusive"


def _spread(arm: ArmSpread, window: ArmSums) -> ArmSpread:
    within = max(window.squares - window.total**2 / window.n, 0.0)
    return ArmSpread(arm.n + window.n, arm.within + within, arm.freedom + window.n - 1)
