"""Simulated rollouts: a ramp of 5, 25, 50 and 75 % over two days, while the world is as it is."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from stats.rollout.two_rates import ArmCounts

Counts = NDArray[np.int64]

RAMP = (0.05, 0.25, 0.5, 0.75)
BASE = 0.02

WORLDS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "stationary": np.ones_like,
    "diurnal": lambda days: 1 + 0.6 * np.sin(2 * np.pi * days),
    "trending": lambda days: (1 + 0.6 * np.sin(2 * np.pi * days)) * (0.5 + days),
}


def level(world: str, windows: int) -> NDArray[np.float64]:
    """The world's own rate or mean in each window of two days, 1 in the middle; [windows]."""
    return WORLDS[world](np.arange(windows) * 2 / windows)


def arms(rng: np.random.Generator, runs: int, windows: int, events: float) -> tuple[Counts, Counts]:
    """Events of the canary and of the stable version, [runs, windows] each."""
    n = rng.poisson(events, (runs, windows))
    canary = rng.binomial(n, np.repeat(RAMP, windows // len(RAMP)))
    return canary, n - canary


def counted(world: str, *, lift: float, events: float, runs: int, windows: int, seed: int) -> Counts:
    """n_canary, x_canary, n_stable, x_stable of each window, [runs, windows, 4]; the canary's rate is `lift` times."""
    rng = np.random.default_rng(seed)
    canary, stable = arms(rng, runs, windows, events)
    rate = BASE * level(world, windows)
    x_canary, x_stable = rng.binomial(canary, np.minimum(rate * lift, 1)), rng.binomial(stable, rate)
    return np.stack([canary, x_canary, stable, x_stable], -1)


def each_window(run: Counts) -> Iterator[ArmCounts]:
    """The windows of one run, [windows, 4]."""
    for numbers in run.tolist():
        yield ArmCounts(*numbers)


def peeking(rollouts: Counts, alpha: float) -> Counts:
    """Runs in which a pooled z-test of two rates, looked at after every window, ever rejects; bool[runs]."""
    n_c, x_c, n_b, x_b = np.moveaxis(rollouts.cumsum(1), -1, 0)
    p = (x_c + x_b) / (n_c + n_b)
    with np.errstate(divide="ignore", invalid="ignore"):  # before the first canary event there is no z
        z = (x_c / n_c - x_b / n_b) / np.sqrt(p * (1 - p) * (1 / n_c + 1 / n_b))
    return ((z > norm.isf(alpha)) & (n_c >= 100)).any(1)


def most_false(alpha: float, runs: int) -> int:
    """So many false ones of `runs` are still in keeping with a chance of `alpha` each: more come once in a thousand."""
    return int(binom.ppf(0.999, runs, alpha))
