"""Whether a canary's rate is worse: a sequential test of two rates that may be looked at after every window.

Turner, Ly and Grünwald 2022, Safe tests for 2×2 contingency tables, https://arxiv.org/abs/2106.02693. A window has n_c
canary and n_b stable events, x_c and x_b of them of a kind that is counted (errors, 5xx, wrong answers). With the rate
p of both arms in all windows before, q = expit(logit p + δ) and r = (n_c q + n_b p)/(n_c + n_b),

    ℓ = x_c ln(q/r) + (n_c − x_c) ln((1−q)/(1−r)) + x_b ln(p/r) + (n_b − x_b) ln((1−p)/(1−r)),

and E is the mean of exp(Σℓ) over δ ∈ ln RISES. E exp ℓ ≤ 1 in every window where the canary's mean rate is no higher
than the stable version's, whatever the rates, p and the weights are: the arithmetic mean of n factors is no less than
their geometric mean, and theirs is at most 1. So P(E ≥ 1/α ever) ≤ α, exactly, at any ramp, season or trend, and
wherever one stops.

Assumed: the arms of a window see traffic alike, so a window ends where weights change; each event counts by itself,
given the past, which bursts and retries break; a window is stepped once, when closed. A label that comes late counts
in the window in which it arrives, under the arm that predicted. How much is found: stats/retraining/canary_power.py.
"""

from dataclasses import dataclass, replace
from math import log
from typing import Literal

import numpy as np

from stats.retraining.canary_power import RISES

_RAREST = 1e-9
"""p is kept this far from 0 and 1: any p that the past alone decides is as valid."""


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """One closed window, or one part of it: parts of a window add up."""

    n_canary: int
    x_canary: int
    n_stable: int
    x_stable: int

    def __post_init__(self) -> None:
        if not (0 <= self.x_canary <= self.n_canary and 0 <= self.x_stable <= self.n_stable):
            raise ValueError(
                f"{self}: counted events must lie between 0 and n; step on closed windows, not corrections"
            )

    def __add__(self, other: "ArmCounts") -> "ArmCounts":
        return ArmCounts(
            self.n_canary + other.n_canary,
            self.x_canary + other.x_canary,
            self.n_stable + other.n_stable,
            self.x_stable + other.x_stable,
        )


@dataclass(frozen=True, slots=True)
class TwoRates:
    """What the test carries from window to window: plain, finite numbers."""

    log_evidence: tuple[float, ...] = (0.0,) * len(RISES)
    """Σℓ by δ."""
    peak: float = 0.0
    """The greatest ln E after any window: what has once been found worse stays so."""
    n: int = 0
    """Events of both arms in all windows so far."""
    x: int = 0
    """Of these, the counted ones."""


def start(n: int = 0, x: int = 0) -> TwoRates:
    """No evidence. The stable version's counts from before the rollout may give the first p: x of n events."""
    if not 0 <= x <= n:
        raise ValueError(f"{x} counted of {n} events: give counts of the same events")
    return TwoRates(n=n, x=x)


def step(state: TwoRates, window: ArmCounts) -> TwoRates:
    """The state after a closed window. One with a single arm, or nothing before it, teaches p only."""
    gained = log_ratios(state.n, state.x, window)
    evidence = tuple(was + now for was, now in zip(state.log_evidence, gained, strict=True))
    after = replace(
        state,
        log_evidence=evidence,
        n=state.n + window.n_canary + window.n_stable,
        x=state.x + window.x_canary + window.x_stable,
    )
    return replace(after, peak=max(state.peak, log_e(after)))


def log_ratios(n: int, x: int, window: ArmCounts) -> tuple[float, ...]:
    """ℓ of a window by δ, after x counted of n events before it: the logarithms of e-values, 0 where it cannot tell."""
    n_c, n_b = window.n_canary, window.n_stable
    if n == 0 or n_c == 0 or n_b == 0:
        return (0.0,) * len(RISES)
    p = min(max((x + 0.5) / (n + 1), _RAREST), 1 - _RAREST)
    ratios = []
    for rise in RISES:
        q = p * rise / (1 - p + p * rise)
        r = (n_c * q + n_b * p) / (n_c + n_b)
        canary = window.x_canary * log(q / r) + (n_c - window.x_canary) * log((1 - q) / (1 - r))
        stable = window.x_stable * log(p / r) + (n_b - window.x_stable) * log((1 - p) / (1 - r))
        ratios.append(canary + stable)
    return tuple(ratios)


def log_e(state: TwoRates) -> float:
    """The natural logarithm of E, the mean over δ."""
    return float(np.logaddexp.reduce(state.log_evidence)) - log(len(state.log_evidence))


def verdict(state: TwoRates, alpha: float) -> Literal["worse", "not yet"]:
    """Worse where E was 1/alpha or more after any window: so false with chance `alpha` at most, over all windows.

    "Not yet" is no success: it is said of a canary without events, too.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha:g}: give the chance of a false rollback, above 0 and below 1")
    return "worse" if state.peak >= -log(alpha) else "not yet"
