"""E-values of a pane against "its strata lose no more than in the reference": fair bets on more.

A bet of size b at the price u multiplies its capital by 1 + b(loss − u), which is fair at a mean loss of u. Under means
μ_s the pane's capital has, given its predictions, an expectation of at most

    Π (1 + b_s(μ_s − u_s))^n_s ≤ exp Σ n_s b_s(μ_s − u_s),

at most 1 wherever Σ n_s b_s μ_s ≤ Σ n_s b_s u_s. So the prices need to hold for the sum over the strata that the pane
has, and not in each. The reference's means are uncertain, q ± se, independently: prices u_s = q_s + θ se_s hold at z
standard errors of that sum with θ = z √Σ(n_s b_s se_s)² / Σ n_s b_s se_s, which lies between z/√S and z.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from stats.error_rate import EXCESSES, MAX_UPPER
from stats.performance.exact_sum import Cells, Floats

PARTS = 0.5 * 4.0 ** -np.arange(10)
"""Parts of the capital that are bet on a greater mean of unbounded losses: from a rise by a tenth to one by 10⁵."""
_RAREST = 1e-4
_LEAST_LOSS = 1e-4
"""Of a regression, in standard deviations of the labels: an error as small is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Bets:
    """Bets on S strata at G sizes."""

    tolerated: Floats
    """q, the mean losses that are the reference's or are tolerated, [S]."""
    error: Floats
    """Their standard errors, [S]."""
    size: Floats
    """b, [G, S]: no price up to q + z·se is above 1/2b, of unbounded losses 1/b."""
    z: float

    def prices(self, n: Cells) -> Floats:
        """U of a pane with n events in its strata [S], [G, S]."""
        weight = n * self.size * self.error
        theta = self.z * np.sqrt((weight**2).sum(-1)) / np.maximum(weight.sum(-1), np.finfo(float).tiny)
        return np.asarray(self.tolerated + theta[:, np.newaxis] * self.error)

    def deviation(self, n: Cells, loss: Floats, variance: Floats) -> tuple[float, float, float]:
        """Losses beyond what is tolerated, their weight and their variance, each weighed as the smallest bet does.

        `n` and `loss` [S] are a pane's, `variance` [S] that of one event.
        """
        size = self.size.min(0)
        weight = size * n
        return float(size @ loss - weight @ self.tolerated), float(weight.sum()), float(size * weight @ variance)

    def of(self, strata: Cells | slice) -> "Bets":
        """The bets on some of the strata."""
        return Bets(self.tolerated[strata], self.error[strata], self.size[:, strata], self.z)


def bets_on_rates(mean: Floats, uncertainty: Floats, rows: Cells, *, z: float, tolerance: float) -> Bets:
    """Bets on events that are more frequent than `mean` [S], of so many reference rows, by more than `tolerance`.

    Bets of size excess/p(1 − p) make the capital the likelihood ratio of a rate that is higher by one of EXCESSES, or
    half way to 1. p is that of the stratum's neighbourhood: were it the stratum's own, bets would be highest where the
    reference happens to be too low.
    """
    tolerated, error = mean + tolerance, np.sqrt(uncertainty)
    rate = np.clip(_by_neighbourhood(mean, rows) + tolerance, _RAREST, MAX_UPPER)
    best = np.asarray(EXCESSES)[:, np.newaxis] / (rate * (1 - rate))
    return Bets(tolerated, error, np.minimum(best, 0.5 / np.maximum(tolerated + z * error, _RAREST)), z)


def bets_on_losses(mean: Floats, uncertainty: Floats, *, z: float, tolerance: float) -> Bets:
    """Bets on losses of 0 and more, greater than `mean` [S] by more than `tolerance`, a part of it.

    Strata are few, and of many rows: their own means set the sizes.
    """
    tolerated, error = np.maximum(mean * (1 + tolerance), _LEAST_LOSS), np.sqrt(uncertainty)
    return Bets(tolerated, error, PARTS[:, np.newaxis] / (tolerated + z * error), z)


def log_e_of_rates(bets: Bets, n: Cells, events: Floats) -> Floats:
    """Ln of the capital, [G], after `events` among n of each stratum, [S] both."""
    price = bets.prices(n)
    won, lost = np.log1p(bets.size * (1 - price)), np.log1p(-bets.size * price)
    return np.asarray(won @ events + lost @ (n - events))


def log_e_of_losses(bets: Bets, n: Cells, loss: Floats, square: Floats) -> Floats:
    """Ln of at most the capital, [G], from the sums of losses and of their squares, [S].

    With x = (loss − u)b/λ ≥ −1 and λ < 1, exp(λx + (λ + ln(1 − λ))x²) ≤ 1 + λx (Fan, Grama and Liu 2015, Exponential
    inequalities for martingales with applications, lemma 4.1): no event's own loss is needed, and no tail is assumed.
    """
    price, per_loss = bets.prices(n), bets.size / PARTS[:, np.newaxis]
    first = ((loss - n * price) * per_loss).sum(-1)
    second = (np.maximum(square - 2 * price * loss + n * price**2, 0.0) * per_loss**2).sum(-1)
    return np.asarray(PARTS * first + (PARTS + np.log1p(-PARTS)) * second)


def _by_neighbourhood(mean: Floats, rows: Cells) -> Floats:
    """The mean over the neighbours of each stratum [S]: √m/10 neighbourhoods of about as many of all m rows.

    What their own noise adds to the capital then stays at about a third of a standard error.
    """
    whole = int(rows.sum())
    number = max(1, int(sqrt(whole) / 10))
    place = np.minimum((np.cumsum(rows) - rows / 2) / max(whole, 1) * number, number - 1).astype(np.intp)
    weight = rows + 1 / rows.size  # strata without rows have neighbours, too
    return np.asarray(np.bincount(place, weight * mean)[place] / np.bincount(place, weight)[place])
