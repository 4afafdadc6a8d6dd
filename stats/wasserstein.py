"""Wasserstein distance of order 1, from counts and sums by bin (Vallender 1974: ∫ |F − G|)."""

import numpy as np

from stats.jeffreys import Counts, Floats


def wasserstein(
    reference: Counts, current: Counts, reference_sums: Counts, current_sums: Counts, edges: Floats
) -> Floats:
    """∫ |F − G| from counts and sums [..., B] and edges [..., B-1], to [...], all in the unit of the sums.

    With D = F − G, integration by parts gives ∫ D over a bin (a, b] exactly, from D(a), D(b) and the sums.
    Its size is ∫ |D| where D keeps its sign in the bin, and a lower bound where it does not. There the answer
    is midway between that and ∫ |D| with each side's mass in the bin at its mean.
    """
    m, n = reference.sum(-1, keepdims=True), current.sum(-1, keepdims=True)
    p, q = reference / m, current / n
    D = (p - q).cumsum(-1)[..., :-1]
    outside = np.zeros((*D.shape[:-1], 1))  # D is 0 beyond the outermost bins
    D_a, D_b = np.concatenate((outside, D), -1), np.concatenate((D, outside), -1)
    a, b = np.concatenate((outside, edges), -1), np.concatenate((edges, outside), -1)
    least = np.abs(b * D_b - a * D_a - (reference_sums / m - current_sums / n))

    mean_p = np.where(reference > 0, reference_sums / np.maximum(reference, 1), a)
    mean_q = np.where(current > 0, current_sums / np.maximum(current, 1), mean_p)
    first, second = np.minimum(mean_p, mean_q), np.maximum(mean_p, mean_q)
    D_between = D_a + np.where(mean_p < mean_q, p, -q)
    at_means = np.abs(D_a) * (first - a) + np.abs(D_between) * (second - first) + np.abs(D_b) * (b - second)
    return np.asarray(np.where(D_a * D_b < 0, (least + at_means) / 2, least).sum(-1))
