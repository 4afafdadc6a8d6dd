"""Jensen-Shannon distance, base 2 (Lin 1991; a metric: Endres and Schindelin 2003)."""

import numpy as np
from scipy.special import rel_entr

from stats.jeffreys import Counts, Floats


def jensen_shannon(reference: Counts, current: Counts) -> Floats:
    """√JS of raw proportions, 0 (equal) to 1 (disjoint): [..., K] to [...].

    The same as scipy.spatial.distance.jensenshannon(p, q, base=2). Needs no smoothing: it is finite with
    empty cells.
    """
    p = reference / reference.sum(-1, keepdims=True)
    q = current / current.sum(-1, keepdims=True)
    middle = (p + q) / 2
    nats = (rel_entr(p, middle) + rel_entr(q, middle)).sum(-1) / 2
    return np.asarray(np.sqrt(np.clip(nats / np.log(2), 0.0, 1.0)))
