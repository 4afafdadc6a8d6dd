"""Distributions of features, each a monotone function of a standard normal score: X = Q(Φ(z)).

A shift is a shift of z, so that .25σ means the same for every distribution, whatever its tails and ties.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, pdtr

Floats = NDArray[np.float64]

_POISSON_MEAN = 3.0
_ZEROS = 0.7
_VALUES = 1_000
_LARGEST_COUNT = 60
_POISSON_CDF = pdtr(np.arange(_LARGEST_COUNT), _POISSON_MEAN)
_ZIPF_CDF = np.cumsum(np.arange(1, _VALUES + 1) ** -1.5)
_ZIPF_CDF /= _ZIPF_CDF[-1]


@dataclass(frozen=True, slots=True)
class Marginal:
    """One distribution; categorical ones number their values 0…V-1, most frequent first."""

    kind: str
    of_normal: Callable[[Floats], Floats]
    """Values of normal scores, elementwise."""
    cdf: Callable[[Floats], Floats]
    """P(X ≤ x), elementwise."""

    def cuts(self, edges: Floats) -> Floats:
        """Normal scores at which X passes the edges: P(X ≤ edge) = Φ(cut), so Φ(cut − δ) after a shift by δ."""
        return np.asarray(ndtri(self.cdf(edges)))


def _student_of_normal(z: Floats) -> Floats:
    u = ndtr(z)
    return np.asarray((2 * u - 1) / np.sqrt(2 * u * ndtr(-z)))


def _zero_inflated_of_normal(z: Floats) -> Floats:
    u = (ndtr(z) - _ZEROS) / (1 - _ZEROS)
    return np.where(u > 0, np.exp(ndtri(np.maximum(u, np.finfo(float).tiny))), 0.0)


def _zero_inflated_cdf(x: Floats) -> Floats:
    above = _ZEROS + (1 - _ZEROS) * ndtr(np.log(np.maximum(x, np.finfo(float).tiny)))
    return np.where(x < 0, 0.0, np.where(x == 0, _ZEROS, above))


MARGINALS = MappingProxyType(
    {
        "normal": Marginal("numeric", lambda z: z, ndtr),
        "Student t2": Marginal("numeric", _student_of_normal, lambda x: 0.5 + x / (2 * np.sqrt(2 + x * x))),
        "Poisson": Marginal(
            "numeric",
            lambda z: np.searchsorted(_POISSON_CDF, ndtr(z)).astype(np.float64),
            lambda x: np.where(x < 0, 0.0, pdtr(np.floor(np.maximum(x, 0)), _POISSON_MEAN)),
        ),
        "zero-inflated": Marginal("numeric", _zero_inflated_of_normal, _zero_inflated_cdf),
        "Zipf": Marginal(
            "categorical",
            lambda z: np.minimum(np.searchsorted(_ZIPF_CDF, ndtr(z)), _VALUES - 1).astype(np.float64),
            lambda x: np.where(x < 0, 0.0, _ZIPF_CDF[np.clip(x, 0, _VALUES - 1).astype(int)]),
        ),
    }
)
VALUES = _VALUES
"""How many categories a categorical distribution has."""
