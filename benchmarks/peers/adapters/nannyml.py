"""NannyML: univariate drift, Jensen-Shannon, alerts beyond mean ± 3 standard deviations of reference chunks."""

from collections.abc import Callable, Mapping
from typing import Any

import nannyml
import pandas as pd
from adapters.frames import frame, names


def _fitted(reference: pd.DataFrame, chunk: int) -> nannyml.UnivariateDriftCalculator:
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference), treat_as_categorical=names(reference, "c"), chunk_size=chunk
    )
    return calculator.fit(reference)


def _scorer(given: Mapping[str, Any]) -> Callable[[], object]:
    window = frame(given, "window")
    calculator = _fitted(frame(given, "reference"), 10_000)
    return lambda: calculator.calculate(window)


SCORERS = {"Jensen-Shannon": _scorer}


def alarms(given: Mapping[str, Any]) -> list[list[bool]]:
    """[columns][panes]: its default alert, panes as chunks."""
    window = frame(given, "window")
    result = _fitted(frame(given, "reference"), int(given["n"])).calculate(window)
    table = result.filter(period="analysis").to_df()
    return [table[(name, "jensen_shannon", "alert")].astype(bool).tolist() for name in window]
