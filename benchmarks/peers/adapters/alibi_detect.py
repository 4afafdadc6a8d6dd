"""alibi-detect: TabularDrift, Kolmogorov-Smirnov and χ² by feature, Bonferroni over the features of a window."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from alibi_detect.cd import TabularDrift


def _matrix(given: Mapping[str, Any], side: str) -> np.ndarray:
    """[n, features] float32; categories as numbers."""
    coded = given[f"{side}_coded"]
    both = zip(given["reference_coded"], given["window_coded"], strict=True)
    listed = [np.unique(np.concatenate(texts)) for texts in both]
    codes = [np.searchsorted(values, row) for values, row in zip(listed, coded, strict=True)]
    return np.column_stack([*given[f"{side}_numeric"], *codes]).astype(np.float32)


def _detector(given: Mapping[str, Any]) -> TabularDrift:
    numeric, coded = len(given["reference_numeric"]), len(given["reference_coded"])
    categories = {numeric + i: None for i in range(coded)}
    return TabularDrift(_matrix(given, "reference"), p_val=0.05, categories_per_feature=categories or None)


def _scorer(given: Mapping[str, Any]) -> Callable[[], object]:
    detector, window = _detector(given), _matrix(given, "window")
    return lambda: detector.predict(window)


SCORERS = {"TabularDrift": _scorer}


def alarms(given: Mapping[str, Any]) -> list[list[bool]]:
    """[1][panes]: one verdict a pane over all features, at the customary p < .05."""
    detector, window, n = _detector(given), _matrix(given, "window"), int(given["n"])
    return [[bool(detector.predict(window[i : i + n])["data"]["is_drift"]) for i in range(0, len(window), n)]]
