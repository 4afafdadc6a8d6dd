"""scipy: the tests of raw values that people write themselves, and the exact figures of agreement."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance


def _ks(given: Mapping[str, Any]) -> Callable[[], object]:
    pairs = list(zip(given["reference_numeric"], given["window_numeric"], strict=True))
    return lambda: [ks_2samp(then, now, method="asymp") for then, now in pairs]


SCORERS = {"KS": _ks}


def alarms(given: Mapping[str, Any]) -> list[list[bool]]:
    """[columns][panes]: p < .05 of ks_2samp for numbers, of chi2_contingency for categories."""
    n = int(given["n"])
    tests = (("numeric", lambda then, now: ks_2samp(then, now, method="asymp").pvalue), ("coded", _chi2_p))
    return [
        [bool(p_value(then, now[i : i + n]) < 0.05) for i in range(0, len(now), n)]
        for kind, p_value in tests
        for then, now in zip(given[f"reference_{kind}"], given[f"window_{kind}"], strict=True)
    ]


def figures(given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """By column, of raw values: KS and Wasserstein (numeric, in reference deviations), χ² p and JS (categorical)."""
    found: dict[str, dict[str, float]] = {}
    for i, pair in enumerate(zip(given["reference_numeric"], given["window_numeric"], strict=True)):
        then, now = (values[~np.isnan(values)] for values in pair)
        found[f"x{i}"] = {
            "ks": float(ks_2samp(then, now, method="asymp").statistic),
            "wasserstein": float(wasserstein_distance(then, now) / then.std()),
        }
    for i, (then, now) in enumerate(zip(given["reference_coded"], given["window_coded"], strict=True)):
        counts = _counts(then, now)
        found[f"c{i}"] = {"chisquare": float(_p(counts)), "jensenshannon": float(jensenshannon(*counts, base=2))}
    return found


def _counts(then: np.ndarray, now: np.ndarray) -> np.ndarray:
    values, codes = np.unique(np.concatenate((then, now)), return_inverse=True)
    return np.stack([np.bincount(part, minlength=values.size) for part in np.split(codes, [then.size])])


def _p(counts: np.ndarray) -> float:
    return float(chi2_contingency(counts, correction=False).pvalue)


def _chi2_p(then: np.ndarray, now: np.ndarray) -> float:
    return _p(_counts(then, now))
