"""Our figures of labelled predictions against scikit-learn's of raw ones: `python benchmarks/agreement_labels.py`.

Two classes: the demo's flights of the week held out. Ten classes: the second half of scikit-learn's digits. Numbers:
the second half of its diabetes patients. The command fails when a difference is beyond its bound: AUC is read from 100
bins of the probability, everything else is exact but for rounding.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression

from driftline.demo import flights
from driftline.demo.model import HELD_OUT_FROM, THRESHOLD, TRAINED_UNTIL, train
from stats.performance.cells import fold_outcomes
from stats.performance.estimate import Estimate
from stats.performance.layout import BINS, OutcomeLayout
from stats.performance.metrics import performance

RESULTS = Path(__file__).parent / "results"
EXACT, BINNED = 1e-6, 2e-3
"""Bounds of |ours − scikit-learn's|."""
Array = NDArray[np.generic]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside scikit-learn's."""

    data: str
    n: int
    figure: str
    ours: float
    sklearn: float
    gap: float
    bound: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Labels and predictions: numbers of classes with their probabilities [n, classes], or numbers."""

    labels: Array
    predictions: Array
    probabilities: Floats | None = None


def late_flights() -> tuple[OutcomeLayout, Answers]:
    year = flights.load()
    model = train(year).model
    week = year.between(HELD_OUT_FROM, TRAINED_UNTIL)
    week = week.rows(~np.isnan(week.late))
    score = model.score(week.features)
    answers = Answers(
        week.late.astype(np.intp), (score >= THRESHOLD).astype(np.intp), np.column_stack((1 - score, score))
    )
    return OutcomeLayout("binary", ("on-time", "late")), answers


def digits() -> tuple[OutcomeLayout, Answers]:
    x, y = load_digits(return_X_y=True)
    half = len(y) // 2
    fitted = LogisticRegression(C=1e-3, max_iter=1_000).fit(x[:half], y[:half])
    chances = fitted.predict_proba(x[half:])
    layout = OutcomeLayout("multiclass", map(str, range(10)))
    return layout, Answers(y[half:], chances.argmax(1), chances)


def diabetes() -> tuple[OutcomeLayout, Answers]:
    x, y = load_diabetes(return_X_y=True)
    half = len(y) // 2
    predictions = LinearRegression().fit(x[:half], y[:half]).predict(x[half:])
    layout = OutcomeLayout(
        "regression",
        (),
        float(y[:half].mean()),
        float(y[:half].std()),
        np.quantile(y[:half], np.linspace(0.05, 0.95, 19)),
    )
    return layout, Answers(y[half:], predictions)


DATA: dict[str, Callable[[], tuple[OutcomeLayout, Answers]]] = {
    "late flights": late_flights,
    "digits": digits,
    "diabetes": diabetes,
}


def of_raw_values(task: str, given: Answers) -> dict[str, float]:
    """scikit-learn's figures, by our names."""
    y, predicted, p = given.labels, given.predictions, given.probabilities
    if p is None:
        return {
            "mae": metrics.mean_absolute_error(y, predicted),
            "rmse": metrics.root_mean_squared_error(y, predicted),
            "mape": metrics.mean_absolute_percentage_error(y, predicted),
            "r2": metrics.r2_score(y, predicted),
        }
    forms = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}
    found = {"accuracy": metrics.accuracy_score(y, predicted), "log_loss": metrics.log_loss(y, p)}
    for name, score in forms.items():
        found |= {f"{name}_{over}": score(y, predicted, average=over) for over in ("macro", "weighted")}
    if task == "binary":
        found |= {name: score(y, predicted) for name, score in forms.items()}
        found |= {"auc": metrics.roc_auc_score(y, p[:, 1]), "brier": metrics.brier_score_loss(y, p[:, 1])}
        return found | {"calibration_error": expected_calibration_error(y == 1, p[:, 1])}
    found |= {"auc": metrics.roc_auc_score(y, p, multi_class="ovr"), "brier": metrics.brier_score_loss(y, p)}
    return found | {"calibration_error": expected_calibration_error(y == predicted, p.max(1))}


def expected_calibration_error(happened: Array, probability: Floats) -> float:
    """ECE of scikit-learn's reliability diagram."""
    rate, mean = calibration_curve(happened, probability, n_bins=BINS)
    events = np.histogram(probability, np.linspace(0, 1, BINS + 1))[0]
    return float(np.abs(rate - mean) @ events[events > 0] / len(probability))


def of_counts(layout: OutcomeLayout, given: Answers) -> Mapping[str, object]:
    """Ours."""
    n = len(given.labels)
    p = (
        given.probabilities
        if given.probabilities is None or layout.task == "multiclass"
        else given.probabilities[:, 1:]
    )
    cells = fold_outcomes(
        layout,
        given.predictions,
        p,
        given.labels,
        np.zeros(n),
        np.full(n, np.nan),
        group=np.zeros(n, np.intp),
        groups=1,
    )
    return performance(layout, cells[0]).figures


def compared(data: str) -> list[Row]:
    layout, given = DATA[data]()
    ours = of_counts(layout, given)
    rows = []
    for name, theirs in of_raw_values(layout.task, given).items():
        figure = ours[name]
        assert isinstance(figure, Estimate), f"{data}: {name} is {figure}"
        bound = BINNED if name == "auc" else EXACT
        gap = abs(figure.value - theirs)
        rows.append(Row(data, len(given.labels), name, figure.value, float(theirs), float(gap), bound))
    return rows


def table(rows: list[Row]) -> str:
    lines = [f"{'data':<14}{'n':>7}  {'figure':<20}{'ours':>14}{'scikit-learn':>14}{'difference':>12}"]
    lines += [
        f"{row.data:<14}{row.n:>7}  {row.figure:<20}{row.ours:>14.8f}{row.sklearn:>14.8f}{row.gap:>12.1e}"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    rows = [row for data in DATA for row in compared(data)]
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    report = {
        "python": platform.python_version(),
        "sklearn": sklearn.__version__,
        "rows": [asdict(row) for row in rows],
    }
    (RESULTS / "agreement_labels.json").write_text(json.dumps(report, indent=1) + "\n")
    beyond = [row for row in rows if not row.gap <= row.bound]
    for row in beyond:
        print(f"beyond its bound: {row.figure} of {row.data}: {row.gap:.2e} > {row.bound}")
    return bool(beyond)


if __name__ == "__main__":
    sys.exit(main())
