"""A score's confidence: its bins in the order of their distance from ½, merged into a few groups."""

import numpy as np
from numpy.typing import NDArray

GROUPS = 10


def confidence_groups(
    edges: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Order of the bins, least confident first, intp[B], and where in it each group starts, intp[≤ 10].

    `edges` float64[B-1], at least one, and the reference's `counts` int64[B]. A bin lies where its middle lies,
    a tail bin at its inner edge; groups hold about equal reference mass. So a loss of confidence is a shift of
    location.
    """
    middle = np.concatenate((edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]))
    order = np.argsort(np.abs(middle - 0.5), kind="stable")
    mass = counts[order] + 0.5
    rank = (np.cumsum(mass) - mass / 2) / mass.sum()
    starts = np.flatnonzero(np.diff(np.floor(rank * GROUPS), prepend=-1))
    return order, starts
