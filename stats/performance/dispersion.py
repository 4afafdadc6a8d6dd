"""How much more panes vary than independent labels do: the dispersion φ that evidence is divided by, learnt on the way.

Labels that come in bursts, and days that differ, are no change of the model. With x the mean deviation of a block of
panes, and v its variance were labels independent, V = mean of (x_t − x_{t−1})²/(v_t + v_{t−1}) over successive blocks
is 1 for independent labels and their variance inflation else (von Neumann 1941, Annals of Mathematical Statistics 12);
a change that lasts, and is to be found, counts once. As in stats/detector/inflation.py V counts where it clearly
exceeds 1, by two of its standard errors, and then with one of them added. φ ≥ 1 comes from earlier panes only, so that
dividing by it keeps every e-value one.
"""

import numpy as np

from stats.performance.exact_sum import Floats

BLOCKS = (1, 24)
"""Panes a block: the second sees what goes on for hours."""
FIELDS = 8
MEMORY = 168
"""Differences remembered, by a running mean."""
_LEAST = 5
"""With fewer differences their mean is not judged."""
_OUTLYING = 9.0
"""No difference counts for more than so many times the mean so far: three standard deviations, so that a change of the
model does not hide the next."""


def nothing_seen(streams: int) -> Floats:
    """Before the first pane, [S, BLOCKS, FIELDS]: what `after` carries on."""
    return np.zeros((streams, len(BLOCKS), FIELDS))


def after(seen: Floats, pane: int, deviation: Floats, weight: Floats, variance: Floats) -> Floats:
    """After a pane of that number: its weighted sum of deviations, its weight and its expected variance, [S] each.

    Streams of weight 0 stay as they are.
    """
    block, total, mass, spread, last, last_spread, mean, count = np.moveaxis(seen, -1, 0)
    there, number = (weight > 0)[:, np.newaxis], pane // np.array(BLOCKS)
    closes = there & (block != number) & (mass > 0)
    x, v = total / np.where(mass > 0, mass, 1.0), spread / np.where(mass > 0, mass, 1.0) ** 2
    compared = closes & (last_spread + v > 0) & (last_spread > 0)
    apart = (x - last) ** 2 / np.where(compared, v + last_spread, 1.0)
    count = count + compared
    step = (np.minimum(apart, _OUTLYING * np.maximum(mean, 1.0)) - mean) / np.clip(count, 1, MEMORY)
    running = [
        np.where(closes, 0.0, old) + np.where(there, new[:, np.newaxis], 0.0)
        for old, new in ((total, deviation), (mass, weight), (spread, variance))
    ]
    return np.stack(
        [
            np.where(there, number, block),
            *running,
            np.where(closes, x, last),
            np.where(closes, v, last_spread),
            mean + np.where(compared, step, 0.0),
            count,
        ],
        axis=-1,
    )


def dispersion(seen: Floats) -> Floats:
    """φ of every stream, [S]: the greater of those by block, 1 where none is clearly above it."""
    mean, count = seen[..., -2], seen[..., -1]
    error = np.sqrt(3 / np.clip(count, 1, MEMORY))  # successive differences share a block: 3 where variances have 2
    clear = (count >= _LEAST) & (mean > 1 + 2 * error)
    return np.asarray(np.where(clear, mean * (1 + error), 1.0).max(-1, initial=1.0))
