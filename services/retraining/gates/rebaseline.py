"""The candidate's own baseline, which it is watched by once it serves: from the rows it was made of and judged by."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from runtime.cells import pack
from runtime.training.protocol import Answers
from schemas.baseline import Baseline, ColumnBaseline, OutcomeReference
from services.retraining.gates.layouts import task_of
from services.retraining.gates.trial import said, truth
from services.retraining.snapshot.split import column, features_of
from stats.baseline import build_column
from stats.detector.training_season import season_of_rows
from stats.performance.labelled import fold_labelled, metrics_of
from stats.performance.layout import OTHER, OutcomeLayout
from stats.reference import ColumnReference, Reference
from stats.retraining.paired import Answers as Said
from stats.retraining.snapshot import Column, columns_of


class Answered(NamedTuple):
    """Rows of a snapshot and the candidate's answers to them."""

    rows: pa.Table
    answers: Answers


def rebaseline(
    layout: OutcomeLayout,
    made_of: Answered,
    holdout: Answered,
    *,
    model: str,
    version: str,
    dataset_digest: str | None,
    importance: Mapping[str, float],
) -> Baseline:
    """The baseline of a candidate as `driftline baseline build` makes one of the same rows.

    Columns and the season are of training and validation rows, outcomes and metrics of the holdout, which the candidate
    had not seen. `importance` has shares by feature; one that it does not name has none.
    """
    columns = [*_features(layout, made_of.rows, importance), *_answers(layout, said(layout, made_of.answers))]
    reference = Reference(tuple(built for built, _ in columns))
    time_ms = column(made_of.rows, "time_ms")
    folded = columns_of(reference.columns, [values for _, values in columns], made_of.rows.num_rows)
    season = season_of_rows(reference, folded, time_ms)
    edges = next(built.edges for built in reference.columns if built.role == "prediction")
    outcomes, metrics = _outcomes(layout, edges, holdout)
    return Baseline(
        model=model,
        version=version,
        digest=reference.digest,
        dataset_digest=dataset_digest,
        rows=made_of.rows.num_rows,
        start_ms=int(time_ms.min()) if len(time_ms) else None,
        end_ms=int(time_ms.max()) if len(time_ms) else None,
        columns=tuple(ColumnBaseline(**asdict(built)) for built in reference.columns),
        season=None if season is None else season.to_bytes(),
        outcomes=outcomes,
        metrics=metrics,
    )


def _features(
    layout: OutcomeLayout, rows: pa.Table, importance: Mapping[str, float]
) -> Iterator[tuple[ColumnReference, Column]]:
    features = features_of(rows)
    for name, kind in task_of(layout, rows).features.items():
        values = column(features, name)
        yield build_column(name, "feature", kind, values, importance.get(name)), values


def _answers(layout: OutcomeLayout, model: Said) -> Iterator[tuple[ColumnReference, Column]]:
    """The prediction's column, of classes by name whatever events write, and of two classes that of the score."""
    if not layout.classes:
        numbers = np.asarray(model.prediction, np.float64)
        yield build_column("prediction", "prediction", "numeric", numbers), numbers
        return
    names = [*layout.classes, OTHER]
    predicted = [names[code] for code in model.prediction.tolist()]
    yield build_column("prediction", "prediction", "categorical", predicted), predicted
    if layout.task == "binary" and model.probabilities is not None and not np.isnan(model.probabilities).all():
        score = model.probabilities[:, 0]
        yield build_column("score", "score", "numeric", score), score


def _outcomes(
    layout: OutcomeLayout, edges: tuple[float, ...], holdout: Answered
) -> tuple[OutcomeReference | None, dict[str, float]]:
    """What the labelled rows of the holdout say; a regression's are counted by the bins of the new predictions."""
    label, model = truth(layout, holdout.rows), said(layout, holdout.answers)
    if not len(label):
        return None, {}
    if not layout.classes:
        of_labels = build_column("label", "prediction", "numeric", np.asarray(label, np.float64))
        layout = OutcomeLayout("regression", (), of_labels.center, of_labels.scale, edges)
    cells = fold_labelled(layout, model.prediction, model.probabilities, label)
    return OutcomeReference(**layout.meaning, cells=pack(cells)), metrics_of(layout, cells)
