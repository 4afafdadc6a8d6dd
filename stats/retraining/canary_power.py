"""What a canary can see: the power of the sequential test of two rates that watches it, before anybody starts one.

The test multiplies likelihood ratios over windows of n_c canary and n_b other events, with x_c and x_b of a kind that
is counted (Turner, Ly and Grünwald 2022, arXiv 2106.02693). With the pooled rate p so far and q = expit(logit p + δ),

    ℓ = x_c ln(q/r) + (n_c − x_c) ln((1−q)/(1−r)) + x_b ln(p/r) + (n_b − x_b) ln((1−p)/(1−r)),  r = (n_c q + n_b p)/n,

E is the mean of exp(Σℓ) over δ ∈ ln RISES, and the canary is worse where E ≥ 1/α ever: P(ever false) ≤ α.

The power is worked out for one δ at a time: Σℓ is near a Brownian motion with the mean and variance of one event's ℓ,
and whether it ever passes ln(5/α), where its fifth of E alone reaches 1/α, has a closed form (the first passage of a
Brownian motion with drift, inverse Gaussian). The best δ stands for all: that the others help is left out, and so is
that early windows teach p only. Where the form says .8, simulations say .69 to .84 (48 and 288 windows, canaries of 300
to 200,000 events at weights of .05 to .5, rates of .005 to .3), the least for many events in few windows.
"""

from collections.abc import Sequence
from math import exp, log, sqrt

from scipy.optimize import brentq
from scipy.special import expit, log_ndtr, logit, ndtr

ALPHA = 0.01
POWER = 0.8
RISES: Sequence[float] = (1.25, 1.5, 2.0, 3.0, 5.0)
"""Of the odds, that the test looks for."""


def power(rate: float, canary: float, events: float, weight: float, *, alpha: float = ALPHA) -> float:
    """Chance that a canary of `events` events is found worse, by rates 0 to 1 of what is counted in both.

    `weight` is the canary's share of all events, above 0 and below 1. ValueError for what is out of range.
    """
    if not (0 < rate < 1 and 0 < canary < 1 and 0 < weight < 1 and events >= 0 and 0 < alpha < 1):
        raise ValueError(
            f"rates {rate:g} and {canary:g}, weight {weight:g}, alpha {alpha:g} and {events:g} events: give rates, "
            "a weight and alpha between 0 and 1"
        )
    bound = log(len(RISES) / alpha)
    return max(_passes(*_moments(rate, canary, weight, log(rise)), events / weight, bound) for rise in RISES)


def least_rise(
    rate: float, events: float, weight: float, *, alpha: float = ALPHA, wanted: float = POWER
) -> float | None:
    """The smallest rise of the rate that a canary of `events` events finds with chance `wanted`; None: not any."""

    def lacking(canary: float) -> float:
        return power(rate, canary, events, weight, alpha=alpha) - wanted

    most = 1 - (1 - rate) * 1e-9
    return None if lacking(most) < 0 else float(brentq(lacking, rate, most, xtol=1e-9)) - rate


def _moments(rate: float, canary: float, weight: float, delta: float) -> tuple[float, float]:
    """Mean and variance of ℓ over one event of either arm."""
    p = weight * canary + (1 - weight) * rate
    q = float(expit(logit(p) + delta))
    r = weight * q + (1 - weight) * p
    mean = variance = 0.0
    for share, true, said in ((weight, canary, q), (1 - weight, rate, p)):
        counted, other = log(said / r), log((1 - said) / (1 - r))
        mean += share * (true * counted + (1 - true) * other)
        variance += share * true * (1 - true) * (counted - other) ** 2
    return mean, variance


def _passes(mean: float, variance: float, n: float, bound: float) -> float:
    """Chance that a Brownian motion has passed `bound` by time n."""
    if n == 0:
        return 0.0
    spread = sqrt(variance * n)
    mirrored = 2 * mean * bound / variance + float(log_ndtr((-bound - mean * n) / spread))
    return float(ndtr((mean * n - bound) / spread)) + exp(mirrored)
