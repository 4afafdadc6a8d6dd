"""Driftline itself, in a process of its own as the peers: fold and scores, from columns or from an Arrow table."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from stats.baseline import build_column
from stats.fold import Columns, codes_of, fold, warm
from stats.layout import Layout
from stats.reference import ColumnReference, Reference
from stats.scores import ColumnScore, score


def layout_of(given: Mapping[str, Any]) -> Layout:
    """The layout of a baseline built from `reference_numeric` and `reference_coded`."""
    numeric = [build_column(f"x{i}", "feature", "numeric", row) for i, row in enumerate(given["reference_numeric"])]
    coded = [
        build_column(f"c{i}", "feature", "categorical", row.tolist()) for i, row in enumerate(given["reference_coded"])
    ]
    return Layout(Reference((*numeric, *coded)))


def _from_columns(given: Mapping[str, Any]) -> Callable[[], tuple[ColumnScore, ...]]:
    """Columns as the decoder hands them to the services: numbers, and categories as codes."""
    layout = layout_of(given)
    coded = zip(_coded(layout), given["window_coded"], strict=True)
    codes = np.array([codes_of(column, row.tolist()) for column, row in coded])
    warm()
    return lambda: _scored(layout, given["window_numeric"], codes)


def _from_arrow(given: Mapping[str, Any]) -> Callable[[], tuple[ColumnScore, ...]]:
    """Columns of an Arrow table, categories as texts."""
    layout = layout_of(given)
    texts = [pa.array(row.tolist()) for row in given["window_coded"]]

    def run() -> tuple[ColumnScore, ...]:
        codes = np.array([_codes(column, text) for column, text in zip(_coded(layout), texts, strict=True)])
        return _scored(layout, given["window_numeric"], codes)

    warm()
    return run


SCORERS = {"columns": _from_columns, "Arrow texts": _from_arrow}


_FIGURES = {"psi": "psi", "js": "jensenshannon", "ks": "ks", "wasserstein": "wasserstein", "chi2_p": "chisquare"}
"""Our names of the figures, and the ones that Evidently gives them."""


def figures(given: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """By column: the figures that peers have too, where the column's kind has them."""
    layout = layout_of(given)
    scores = _from_columns(given)()
    found = {column.name: asdict(scored) for column, scored in zip(layout.columns, scores, strict=True)}
    return {
        name: {theirs: fields[ours] for ours, theirs in _FIGURES.items() if fields[ours] is not None}
        for name, fields in found.items()
    }


def _coded(layout: Layout) -> list[ColumnReference]:
    return [layout.columns[i] for i in layout.coded]


def _codes(column: ColumnReference, texts: pa.Array) -> np.ndarray:
    encoded = texts.dictionary_encode()
    return codes_of(column, encoded.dictionary.to_pylist())[encoded.indices.to_numpy()]


def _scored(layout: Layout, values: np.ndarray, codes: np.ndarray) -> tuple[ColumnScore, ...]:
    n = values.shape[1]
    nothing = np.full(n, np.nan)
    columns = Columns(values, codes, np.zeros(n, np.int16), nothing, nothing)
    return score(layout, layout.reference_cells, fold(layout, columns, np.zeros(n, np.int64), 1)[0])
