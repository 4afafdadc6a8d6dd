"""Scores a data file against a baseline: the statistics of the services, on rows instead of events."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table

from driftline.datasets import Dataset
from driftline.folding import columns_of
from driftline.output import bar, count, figure, percent, table
from schemas.baseline import Baseline
from stats.fold import fold
from stats.layout import Layout
from stats.ranking import rank
from stats.reference import ColumnReference, Reference
from stats.scores import ColumnScore, score

_FULL_BAR = 0.5
"""The adjusted PSI that fills a bar: the default bound of a page."""


@dataclass(frozen=True, slots=True)
class Report:
    """Drift of every feature, and of prediction and score where the data have them."""

    features: dict[str, ColumnScore]
    """Most important first; without importances most drifted first."""
    prediction: ColumnScore | None
    score: ColumnScore | None

    def as_json(self) -> dict[str, Any]:
        """{"features": {name: figures}, "prediction": figures or None}."""
        return {
            "features": {name: asdict(scored) for name, scored in self.features.items()},
            "prediction": asdict(self.prediction) if self.prediction else None,
        }

    def table(self) -> Table:
        """The report for people."""
        rows = [*self.features.items(), ("prediction", self.prediction), ("score", self.score)]
        return table(
            None,
            (
                "column",
                "drift",
                ">PSI adj",
                ">PSI",
                ">JS",
                ">KS",
                ">Wasserstein",
                ">χ² p",
                ">missing",
                ">rows",
            ),
            [_row(name, scored) for name, scored in rows if scored is not None],
        )


def report(data: Dataset, baseline: Baseline) -> Report:
    """Scores the rows. Raises CommandError when the data lack a feature, or a column is of another kind."""
    references = [ColumnReference(**column.model_dump()) for column in baseline.columns]
    data.require([column.name for column in references if column.role == "feature"])
    present = [column for column in references if column.role == "feature" or column.name in data.names]
    layout = Layout(Reference(tuple(present)))
    cells = fold(layout, columns_of(data, present), np.zeros(data.rows, np.int64), 1)[0]
    scores = score(layout, layout.reference_cells, cells)
    order = rank([column.importance for column in present], [scored.psi_adj for scored in scores])
    by_role = {column.role: scored for column, scored in zip(present, scores, strict=True)}
    return Report(
        features={present[i].name: scores[i] for i in order if present[i].role == "feature"},
        prediction=by_role.get("prediction"),
        score=by_role.get("score"),
    )


def _row(name: str, scored: ColumnScore) -> tuple[str, ...]:
    if scored.outcome == "too_few":
        return (name, "too few rows", *["–"] * 6, percent(scored.missing_rate), count(scored.n))
    return (
        name,
        bar(scored.psi_adj, _FULL_BAR, 12),
        *(figure(value) for value in (scored.psi_adj, scored.psi, scored.js, scored.ks, scored.wasserstein)),
        f"{scored.chi2_p:.1g}" if scored.chi2_p is not None else "–",
        percent(scored.missing_rate),
        count(scored.n),
    )
