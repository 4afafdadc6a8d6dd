"""ln of the e-value of a pane against every alternative: a likelihood ratio that pays for what is not known.

With p0 estimated from m events, the truth lies in a ball of χ radius z/√m around it, and one of radius τ more is
tolerated. ε = z/√m + τ. Every e-value's expectation is at most 1 for independent events from any
distribution in that ball (Vovk and Wang, E-values, Annals of Statistics 49(3), 2021; for the multinomial
case arXiv 2011.03567):

    shifts          ln r − ln(1 + ε χ),  r = P/p0,  χ = √Σ p0 (r − 1)²      Cauchy and Schwarz: E r ≤ 1 + ε χ
    contamination   ln(1 − s + s/u) in the cell, ln(1 − s) in all others     u = p + ε √(p (1 − p)), the cell's
                                                                            greatest share in the ball, at least 1e-4
    plug-ins        as shifts; P from past panes, ε = √(χ²_{K−1, .99}/m) + τ, for P may lean in any direction
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from stats.detector.alternatives import HALF_LIVES, contaminations, shifted
from stats.detector.expected import Shares
from stats.detector.watched import SPECIAL
from stats.jeffreys import Floats

Past: TypeAlias = Floats | NDArray[np.float32]
"""Decayed counts of earlier panes, one a plug-in, [2, rows, K]."""

PLUG_IN_PRIOR = 60.0
"""How many events of p0 a plug-in starts from."""
_PLUG_IN_LEVEL = 0.01
_RAREST = 1e-4
"""No cell is held to be rarer: else one event where none was seen would be evidence by itself."""
_DECAY = 0.5 ** (1 / np.array(HALF_LIVES))


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What a pane's counts are multiplied with, for one set of expected shares."""

    p0: Floats
    """[rows, K]"""
    inverse: Floats
    """1/p0, [rows, K]; 1 in cells a row does not have."""
    ratio: Floats
    """ln r of the shifts, [rows, 12, K less the special cells]."""
    payment: Floats
    """ln(1 + ε χ) of the shifts, an event; [rows, 12]."""
    raised: Floats
    """Of the contaminations: ln of the ratio within the cell less that outside, [rows, C]."""
    outside: Floats
    """ln(1 − s), [C]."""
    radius: Floats
    """ε of the plug-ins, [rows]."""


def weights_of(shares: Shares, live: NDArray[np.bool_], *, z: float, tolerance: float) -> Weights:
    """The weights of rows with expected shares [rows, K], of which `live` are the cells a row has."""
    p0, m = shares.p0, shares.m
    inverse = 1 / np.where(live, p0, 1.0)
    ordinary = p0.shape[1] - len(SPECIAL)
    epsilon = (z / np.sqrt(m) + tolerance)[:, np.newaxis]
    q, known = p0[:, np.newaxis, :ordinary], live[:, :ordinary]
    r = np.where(known[:, np.newaxis], shifted(p0[:, :ordinary], known) * inverse[:, np.newaxis, :ordinary], 1.0)
    chi = np.sqrt((q * (r - 1) ** 2).sum(-1))
    kinds = contaminations(p0.shape[1])
    u = np.clip(p0 + epsilon * np.sqrt(p0 * (1 - p0)), _RAREST, 1.0)[:, kinds.cell]
    return Weights(
        p0=p0,
        inverse=inverse,
        ratio=np.log(r),
        payment=np.log1p(epsilon * chi),
        raised=np.log1p(kinds.share / (1 - kinds.share) / u),
        outside=np.log1p(-kinds.share),
        radius=np.sqrt(chdtri(np.maximum(live.sum(-1) - 1, 1), _PLUG_IN_LEVEL) / m) + tolerance,
    )


def log_e_values(weights: Weights, counts: Floats, past: Past) -> Floats:
    """Log e-value of every component, [rows, G], for counts [rows, K].

    `past` is of earlier panes: never of this one.
    """
    n = counts.sum(-1, keepdims=True)
    ordinary = counts[:, : weights.ratio.shape[-1], np.newaxis]
    shifts = np.matmul(weights.ratio, ordinary)[..., 0] - n * weights.payment
    cell = contaminations(counts.shape[1]).cell
    contaminated = counts[:, cell] * weights.raised + n * weights.outside
    return np.concatenate((shifts, contaminated, _plug_ins(weights, counts, n, past)), -1)


def _plug_ins(weights: Weights, counts: Floats, n: Floats, past: Past) -> Floats:
    r = (past * weights.inverse + PLUG_IN_PRIOR) / (past.sum(-1, keepdims=True) + PLUG_IN_PRIOR)
    chi = np.sqrt((weights.p0 * (r - 1) ** 2).sum(-1))
    return np.asarray(((np.log(r) * counts).sum(-1) - n[:, 0] * np.log1p(weights.radius * chi)).T)


def decayed(past: Past, counts: Floats) -> Floats:
    """The plug-ins' averages after a pane, [2, rows, K]."""
    return np.asarray(past * _DECAY[:, np.newaxis, np.newaxis] + counts)
