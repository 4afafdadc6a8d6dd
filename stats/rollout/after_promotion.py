"""Whether a promoted version turns worse later: an e-detector that watches on without an end.

Shin, Ramdas and Rinaldo 2022, E-detectors, https://arxiv.org/abs/2203.03532. For each δ ∈ ln RISES, M ← (M + 1)·e with
a window's e-value e; an alarm is a mean M of 1/α or more. While the version is not worse, M − windows has no upward
drift, so the average time to a false alarm is at least 1/α windows, at any stopping. After an alarm, start anew.

A window's e comes from one of two:
- `against_holdback`: a share of traffic stays with the former version. Assumed as in stats/rollout/two_rates.py;
  seasons and trends do no harm.
- `against_reference`: nothing is left to compare with. x of n events at a rate of at most u, the upper bound of what
  held before (stats/error_rate.upper_rate): e = (q/u)^x ((1−q)/(1−u))^(n−x), q = expit(logit u + δ), has a mean of at
  most 1 under every rate up to u. So u must lie above the season's peak: trends of the world itself do raise alarms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, log, log1p

import numpy as np

from stats.retraining.canary_power import RISES
from stats.rollout.two_rates import ArmCounts, log_ratios


@dataclass(frozen=True, slots=True)
class AfterPromotion:
    """What the detector carries from window to window: plain, finite numbers."""

    log_m_plus_1: tuple[float, ...] = (0.0,) * len(RISES)
    """ln(M + 1) by δ."""
    windows: int = 0
    """Windows stepped since it began, those without events left out."""


def against_holdback(n: int, x: int, window: ArmCounts) -> tuple[float, ...] | None:
    """Ln e by δ, after x counted of n events before; the promoted version is the canary. None: nothing to compare."""
    return log_ratios(n, x, window) if n > 0 and window.n_canary > 0 and window.n_stable > 0 else None


def against_reference(upper: float, n: int, x: int) -> tuple[float, ...] | None:
    """Ln e by δ, for x counted of n events where rates up to `upper` are as before; None without events."""
    if not (0 < upper < 1 and 0 <= x <= n):
        raise ValueError(f"{x} of {n} events at rates up to {upper:g}: give counts of one window and a bound in (0, 1)")
    if n == 0:
        return None
    # q/u and (1−q)/(1−u) have the denominator 1 − u + u·rise in common.
    return tuple(x * log(rise) - n * log1p(upper * (rise - 1)) for rise in RISES)


def step(state: AfterPromotion, log_e: Sequence[float] | None) -> AfterPromotion:
    """The state after a closed window. One without events leaves it: silence would add 1 to M and alarm in the end."""
    if log_e is None:
        return state
    grown = (_log1p_exp(was + now) for was, now in zip(state.log_m_plus_1, log_e, strict=True))
    return AfterPromotion(tuple(grown), state.windows + 1)


def log_mean(state: AfterPromotion) -> float | None:
    """The natural logarithm of the mean M; None where M is still 0."""
    parts = [one + log(-expm1(-one)) for one in state.log_m_plus_1 if one > 0]
    return float(np.logaddexp.reduce(parts)) - log(len(state.log_m_plus_1)) if parts else None


def alarm(state: AfterPromotion, alpha: float) -> bool:
    """Whether the mean M is 1/alpha or more: falsely once in 1/alpha windows on average, or more rarely."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha:g}: give one over the windows between false alarms, above 0 and below 1")
    mean = log_mean(state)
    return mean is not None and mean >= -log(alpha)


def _log1p_exp(value: float) -> float:
    return value + log1p(exp(-value)) if value > 0 else log1p(exp(value))
