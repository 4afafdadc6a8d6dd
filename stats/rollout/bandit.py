"""How a bandit splits the next batch of traffic: batched Thompson sampling on matured labels, with a floor.

Thompson 1933, On the likelihood that one unknown probability exceeds another, Biometrika 25; batches as in Perchet et
al. 2016, Batched bandit problems, https://arxiv.org/abs/1505.00369. An arm with x good outcomes of n has the posterior
Beta(1 + x, 1 + n − x); w is each arm's chance to be the best, by draws, and its weight f + (1 − Kf)·w with the floor f
for each of K arms, so that every arm keeps being learned of.

Counted are *matured* labels only: cohorts whose label horizon has passed, so that arms are not judged by which kind of
label comes first. A prediction without a label is no failure. Assumed: rates that stay, or a fresh start when they
change; what is learned from a season's low is not taken back in its high.

No bound on false alarms: a greater weight is no finding that an arm is better. Within a batch weights stand still, so
the tests of this folder may be stepped beside it, batch by batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stats.outcome import TooFew

DRAWS = 20_000
"""A chance is known to about 0.004 by them."""
MIN_LABELS = 100
"""Matured labels that each arm needs."""
_WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True)
class Arms:
    """Matured labels of K arms, and the good outcomes among them: plain numbers."""

    n: tuple[int, ...]
    good: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.n) < 2 or any(not 0 <= x <= n for n, x in zip(self.n, self.good, strict=True)):
            raise ValueError(f"{self}: give two arms or more, and good outcomes between 0 and their labels")


def start(arms: int) -> Arms:
    """Nothing is known of so many arms."""
    return Arms((0,) * arms, (0,) * arms)


def step(state: Arms, n: Sequence[int], good: Sequence[int]) -> Arms:
    """The state after a batch in which n labels matured, `good` of them good, by arm."""
    matured = Arms(tuple(n), tuple(good))
    return Arms(
        tuple(was + now for was, now in zip(state.n, matured.n, strict=True)),
        tuple(was + now for was, now in zip(state.good, matured.good, strict=True)),
    )


def weights_bp(state: Arms, *, floor_bp: int, seed: int, min_labels: int = MIN_LABELS) -> tuple[int, ...] | TooFew:
    """Weights of the next batch in basis points, 10,000 in all and none below `floor_bp`; the same for the same seed.

    TooFew counts the labels of the arm with the fewest: leave the weights as they are.
    """
    arms = len(state.n)
    if not 0 <= floor_bp * arms <= _WHOLE_BP:
        raise ValueError(f"a floor of {floor_bp} basis points for {arms} arms: give at most {_WHOLE_BP // arms}")
    if min(state.n) < min_labels:
        return TooFew(needed=min_labels, have=min(state.n))
    n, good = np.asarray(state.n, np.float64), np.asarray(state.good, np.float64)
    drawn = np.random.default_rng(seed).beta(1 + good, 1 + n - good, (DRAWS, arms))
    best = np.bincount(drawn.argmax(1), minlength=arms)
    spare = _WHOLE_BP - floor_bp * arms
    weights = floor_bp + spare * best // DRAWS
    # Largest remainders get what rounding down has left, the first arm first.
    order = np.argsort(-(spare * best % DRAWS), kind="stable")
    weights[order[: _WHOLE_BP - int(weights.sum())]] += 1
    return tuple(int(weight) for weight in weights)
