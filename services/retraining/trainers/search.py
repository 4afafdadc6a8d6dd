"""Hyperparameters by their loss on the validation rows. Work bounds it, not a clock: so it always ends the same way."""

from collections.abc import Callable
from itertools import product
from math import prod

import numpy as np

from services.retraining.trainers.families import Family, Fit, Setting
from services.retraining.trainers.truth import losses


def settings_of(family: Family, most: int, seed: int) -> list[Setting]:
    """At most so many: the first ones of the family, then others drawn by the seed."""
    names, size = list(family.choices), prod(map(len, family.choices.values()))
    drawn = np.random.default_rng(seed).permutation(np.arange(1, size))[: most - 1]
    every = [dict(zip(names, values, strict=True)) for values in product(*family.choices.values())]
    return [every[place] for place in (0, *sorted(drawn))]


def best_setting(family: Family, fit: Fit, say: Callable[[str], None]) -> Setting:
    """Tries settings; of equal ones the first is taken."""
    settings = settings_of(family, fit.parameters.search, fit.seed)
    if len(settings) == 1:
        return settings[0]
    tried = []
    matrix, truth = fit.validation
    for number, setting in enumerate(settings, 1):
        loss = losses(family.fit(fit, setting).scores(matrix), truth, fit.task, fit.parameters).mean()
        say(f"setting {number} of {len(settings)}: loss {loss:.5f} with {setting}")
        tried.append(loss)
    return settings[int(np.argmin(tried))]
