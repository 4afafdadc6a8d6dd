"""Evidently: its reports for cost, its own default test of each column for alarms, its own figures for agreement."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from adapters.frames import frame, names
from evidently import DataDefinition, Dataset, Report
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from evidently.presets import DataDriftPreset

KINDS = {"x": ColumnType.Numerical, "c": ColumnType.Categorical}


def _report(**methods: str) -> Callable[[Mapping[str, Any]], Callable[[], object]]:
    def prepared(given: Mapping[str, Any]) -> Callable[[], object]:
        reference, window = frame(given, "reference"), frame(given, "window")
        columns = DataDefinition(numerical_columns=names(window, "x"), categorical_columns=names(window, "c"))

        def run() -> object:
            now, then = (Dataset.from_pandas(data, data_definition=columns) for data in (window, reference))
            return Report([DataDriftPreset(**methods)]).run(now, then).dict()

        return run

    return prepared


SCORERS = {"default": _report(), "PSI": _report(num_method="psi", cat_method="psi")}


def alarms(given: Mapping[str, Any]) -> list[list[bool]]:
    """[columns][panes]: whether the column drifted by its default test and threshold.

    The test is called without the report around it, which costs 0.2 s a column and changes no verdict.
    """
    reference, window, n = frame(given, "reference"), frame(given, "window"), int(given["n"])
    found = []
    for name in window:
        then, kind = reference[name], KINDS[name[0]]
        panes = [window[name].iloc[i : i + n] for i in range(0, len(window), n)]
        test = get_stattest(then, panes[0], kind, None)  # its choice depends on the reference and costs as much again
        found.append([bool(test(then, pane, kind, None).drifted) for pane in panes])
    return found


def figures(given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """By column: PSI, JS, χ² p-value (categorical), Wasserstein (numeric) as Evidently computes them."""
    reference, window = frame(given, "reference"), frame(given, "window")
    tests = {"x": ("psi", "jensenshannon", "wasserstein", "ks"), "c": ("psi", "jensenshannon", "chisquare")}
    return {
        name: {
            test: float(_score(reference[name].dropna(), window[name].dropna(), KINDS[name[0]], test))
            for test in tests[name[0]]
        }
        for name in window
    }


def _score(reference: pd.Series, window: pd.Series, kind: ColumnType, test: str) -> float:
    return get_stattest(reference, window, kind, test)(reference, window, kind, None).drift_score
