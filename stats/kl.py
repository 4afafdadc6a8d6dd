"""Kullback-Leibler divergence of the current distribution from the reference (Kullback and Leibler 1951)."""

import numpy as np

from stats.jeffreys import Counts, Floats, proportions


def kl(reference: Counts, current: Counts) -> Floats:
    """Σ q ln(q / p) in nats: [..., K] to [...]. q are current, p reference shares, smoothed as for PSI."""
    p, q = proportions(reference, current)
    return np.asarray((q * np.log(q / p)).sum(-1))
