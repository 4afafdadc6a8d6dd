"""Whether traffic was split as commanded: the sequential multinomial test of a sample-ratio mismatch.

Lindon and Malek 2022, Anytime-valid inference for multinomial count data, https://arxiv.org/abs/2011.03567. Weights θ
of an epoch (one setting of weights, from APPLIED on), n_i units of variant i since it began and B the multivariate
beta function,

    ln E = ln B(κθ + n) − ln B(κθ) − Σ n_i ln θ_i.

E is a martingale under θ, so P(E ≥ 1/a ever) ≤ a within an epoch. Epoch k = 1, 2, … spends a = α/k(k+1), which adds up
to α: a false mismatch in a whole rollout, of however many epochs, has chance α at most. A variant with no weight must
have no unit at all.

Assumed: what is counted are *randomisation units*, each once an epoch and each split by itself. Where users stick to a
variant, count users that are new in the epoch: counting their requests finds a mismatch that is none. Losses that
strike all arms alike are none either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Literal

from stats.outcome import TooFew

KAPPA = 20.0
"""Pseudo-units of the prior: how near to θ a mismatch is expected."""
ALPHA = 0.001
MIN_UNITS = 100


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """One epoch's state: plain, finite numbers."""

    weight_bp: tuple[int, ...]
    """θ in basis points, by variant; 10,000 in all."""
    units: tuple[int, ...]
    """Units since the epoch began, by variant."""
    peak: float = 0.0
    """The greatest ln E after any window: a mismatch once found stays one."""
    epoch: int = 1


def start(weight_bp: Sequence[int], epoch: int = 1) -> SampleRatio:
    """Nothing counted under these weights; `epoch` counts settings of weights in this rollout, from 1."""
    if min(weight_bp, default=-1) < 0 or sum(weight_bp) != 10_000 or epoch < 1:
        raise ValueError(
            f"weights {tuple(weight_bp)} in epoch {epoch}: give basis points that add up to 10,000, from epoch 1"
        )
    return SampleRatio(tuple(weight_bp), (0,) * len(weight_bp), epoch=epoch)


def step(state: SampleRatio, units: Sequence[int]) -> SampleRatio:
    """The state after a closed window with so many new units by variant."""
    if len(units) != len(state.units) or min(units) < 0:
        raise ValueError(f"units {tuple(units)}: give one count, 0 or more, for each of {len(state.units)} variants")
    after = replace(state, units=tuple(was + now for was, now in zip(state.units, units, strict=True)))
    return replace(after, peak=max(state.peak, log_e(after)))


def log_e(state: SampleRatio) -> float:
    """The natural logarithm of E over the variants with a weight."""
    split = [(bp / 10_000, n) for bp, n in zip(state.weight_bp, state.units, strict=True) if bp > 0]
    grown = sum(lgamma(KAPPA * theta + n) - lgamma(KAPPA * theta) - n * log(theta) for theta, n in split)
    return grown - lgamma(KAPPA + sum(n for _, n in split)) + lgamma(KAPPA)


def verdict(state: SampleRatio, alpha: float = ALPHA) -> Literal["mismatch", "match"] | TooFew:
    """Mismatch: false with chance `alpha` at most over a whole rollout. Match is said of MIN_UNITS units or more.

    A mismatch voids the evidence of all metrics, and holds the rollout for a person.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha:g}: give the chance of a false mismatch, above 0 and below 1")
    stray = any(n > 0 for bp, n in zip(state.weight_bp, state.units, strict=True) if bp == 0)
    if stray or state.peak >= log(state.epoch * (state.epoch + 1) / alpha):
        return "mismatch"
    units = sum(state.units)
    return "match" if units >= MIN_UNITS else TooFew(needed=MIN_UNITS, have=units)
