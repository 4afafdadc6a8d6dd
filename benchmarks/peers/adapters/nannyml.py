"""NannyML: Jensen-Shannon drift, alerts beyond mean ± 3 standard deviations of reference chunks; CBPE."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

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


class _DataSet(NamedTuple):
    """A data set that comes with NannyML."""

    load: Callable[[], tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]
    """Gives the reference, the analysis period, and its labels, joined by id."""
    label: str
    prediction: str
    probability: str | dict[str, str]
    """Column of the positive class; of more than two classes, of each."""


_DATA_SETS = {
    "work from home": _DataSet(
        nannyml.load_synthetic_binary_classification_dataset, "work_home_actual", "y_pred", "y_pred_proba"
    ),
    "car loans": _DataSet(nannyml.load_synthetic_car_loan_dataset, "repaid", "y_pred", "y_pred_proba"),
    "US census": _DataSet(nannyml.load_us_census_ma_employment_data, "employed", "prediction", "predicted_probability"),
    "credit cards": _DataSet(
        nannyml.load_synthetic_multiclass_classification_dataset,
        "y_true",
        "y_pred",
        {name: f"y_pred_proba_{name}" for name in ("highstreet_card", "prepaid_card", "upmarket_card")},
    ),
}
_METRICS = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1", "auc": "roc_auc"}
"""Our names, and NannyML's."""


def cbpe(given: Mapping[str, Any]) -> dict[str, Any]:
    """NannyML's estimates by chunk of `n` rows of the bundled data set `name`, beside the truth; and its columns."""
    of = _DATA_SETS[str(given["name"])]
    reference, analysis, labels = of.load()
    analysis = analysis.merge(labels, on="id", validate="one_to_one")
    many = isinstance(of.probability, dict)
    estimator = nannyml.CBPE(
        metrics=list(_METRICS.values()),
        y_pred_proba=of.probability,
        y_pred=of.prediction,
        y_true=of.label,
        problem_type="classification_multiclass" if many else "classification_binary",
        chunk_size=int(given["n"]),
    ).fit(reference)
    table = estimator.estimate(analysis).filter(period="analysis").to_df()
    figures = {
        part: {ours: table[(theirs, column)].tolist() for ours, theirs in _METRICS.items()}
        for part, column in (("estimate", "value"), ("truth", "realized"))
    }
    chunks = [table[("chunk", end)].tolist() for end in ("start_index", "end_index")]
    columns = {"reference": _columns(reference, of), "analysis": _columns(analysis, of)}
    return {"chunks": chunks, **figures, **columns}


def _columns(data: pd.DataFrame, of: _DataSet) -> dict[str, list[Any]]:
    """Labels and predictions as texts, and probabilities, a row an event."""
    numbers = of.probability.values() if isinstance(of.probability, dict) else [of.probability]
    names = {"labels": of.label, "predictions": of.prediction}
    texts = {ours: data[theirs].map(_text).tolist() for ours, theirs in names.items()}
    return {**texts, "probabilities": data[list(numbers)].to_numpy(float).tolist()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(int(value))
