"""Scores scaled and shifted by class, so that they are probabilities: Platt scaling, and its like for several classes.

Platt, "Probabilistic outputs for support vector machines", 1999; Guo et al., "On calibration of modern neural
networks", 2017 (vector scaling, with one scale).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from services.retraining.trainers.scores import Adjustment, Scores
from services.retraining.trainers.truth import Classes

_PRIOR = 1e-3
"""How strongly scale 1 and shift 0 hold; keeps them finite where a class has no rows."""
_SURE = 2.0
"""Standard errors by which other rows must gain before anything is changed."""


def calibration_of(scores: Scores, truth: Classes) -> Adjustment | None:
    """What calibrates scores of the validation rows; None where it would not surely help.

    Every other row tells whether what was fitted to the rest is a gain, and the other way round.
    """
    if len(truth) < 4:
        return None
    halves = (np.arange(len(truth)) % 2).astype(bool)
    gains = np.concatenate(
        [
            _losses(scores[~half], truth[~half])
            - _losses(_fitted(scores[half], truth[half]).done(scores[~half]), truth[~half])
            for half in (halves, ~halves)
        ]
    )
    if gains.mean() <= _SURE * gains.std(ddof=1) / np.sqrt(len(gains)):
        return None
    return _fitted(scores, truth)


def _losses(scores: Scores, truth: Classes) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = log_softmax(scores, axis=1)
    return -chances[np.arange(len(truth)), truth]


def _fitted(scores: Scores, truth: Classes) -> Adjustment:
    classes = scores.shape[1]
    wanted = np.eye(classes)[truth]
    start = np.concatenate([[1.0], np.zeros(classes)])

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        chances = log_softmax(scores * at[0] + at[1:], axis=1)
        off = (np.exp(chances) - wanted) / len(truth)
        slope = np.concatenate([[(off * scores).sum()], off.sum(axis=0)])
        value = -(wanted * chances).sum() / len(truth) + _PRIOR * ((at - start) ** 2).sum()
        return float(value), slope + 2 * _PRIOR * (at - start)

    bounds = [(0.01, None), *[(None, None)] * classes]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Adjustment(float(found[0]), found[1:])
