"""Features as a matrix of numbers, fitted once: for fitting models, and as nodes of a graph that do the same.

Columns are the numeric and boolean features in the task's order, then what categories become: for linear models
standardised numbers, flags of missing ones and one column a category; for trees numbers as they are and one column a
feature, its categories ordered by what is true of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from numpy.typing import NDArray

from runtime.training.protocol import Kind
from services.retraining.trainers.feeding import MISSING, numbers, texts
from services.retraining.trainers.graph import ML, Graph

_OUTLIERS = 0.001
"""Share of a feature's values at each end that linear models take for the value at its edge."""
_PRIOR_ROWS = 20.0
"""A category counts as if it had so many rows more, which are as all rows are."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Which features there are, and which categories are told apart."""

    numeric: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    """By categorical feature, without the missing one."""

    def dense(self, features: pa.Table) -> Floats:
        """[n, numeric]: NaN is missing."""
        columns = [numbers(features[name]) for name in self.numeric]
        return np.column_stack(columns) if columns else np.empty((features.num_rows, 0), np.float32)

    def codes(self, features: pa.Table, name: str) -> NDArray[np.int64]:
        """[n]: places in `categories`, their count for a missing one, -1 for an unknown one."""
        found = pc.index_in(texts(features[name]), pa.array([*self.categories[name], MISSING], pa.string()))
        codes: NDArray[np.int64] = pc.fill_null(found, -1).to_numpy().astype(np.int64)
        return codes

    def joined(self, graph: Graph) -> list[str]:
        """A value of shape [n, numeric], where there are any."""
        return [graph.add("Concat", *self.numeric, axis=1)] if self.numeric else []


def columns_of(features: pa.Table, kinds: Mapping[str, Kind], most: int, least_rows: int) -> Columns:
    """Categories by frequency, then by name: at most `most` of a feature, each with `least_rows` or more."""
    return Columns(
        tuple(name for name, kind in kinds.items() if kind != "categorical"),
        {name: _frequent(features[name], most, least_rows) for name, kind in kinds.items() if kind == "categorical"},
    )


def _frequent(column: pa.ChunkedArray, most: int, least_rows: int) -> tuple[str, ...]:
    counted = [(entry["counts"], entry["values"]) for entry in pc.value_counts(column).to_pylist() if entry["values"]]
    ordered = sorted((-count, value) for count, value in counted if count >= least_rows)
    return tuple(value for _, value in ordered[:most])


@dataclass(frozen=True, slots=True, eq=False)
class LinearEncoding:
    """Numbers within `low` and `high`, as (x - mean) / spread, 0 where missing; flags; one column a category."""

    columns: Columns
    low: Floats
    high: Floats
    mean: Floats
    spread: Floats
    flagged: NDArray[np.int64]
    """Places of the numbers that were missing in training."""

    @classmethod
    def fitted(cls, columns: Columns, features: pa.Table) -> "LinearEncoding":
        """Raises nothing: a feature without any value is 0 throughout."""
        dense = columns.dense(features).astype(np.float64)
        missing = np.isnan(dense)
        dense[:, missing.all(axis=0)] = 0.0
        low, high = (np.nanquantile(dense, at, axis=0, method="nearest") for at in (_OUTLIERS, 1 - _OUTLIERS))
        clipped = np.clip(dense, low, high)
        spread = np.nanstd(clipped, axis=0).astype(np.float32)
        spread[spread == 0] = 1.0
        figures = {"low": low, "high": high, "mean": np.nanmean(clipped, axis=0), "spread": spread}
        narrowed = {name: figure.astype(np.float32) for name, figure in figures.items()}
        return cls(columns, flagged=np.flatnonzero(missing.any(axis=0)), **narrowed)

    def matrix(self, features: pa.Table) -> sp.csr_matrix:
        """[n, columns], float64."""
        dense = self.columns.dense(features)
        missing = np.isnan(dense)
        scaled = (np.clip(np.where(missing, self.mean, dense), self.low, self.high) - self.mean) / self.spread
        one_hot = []
        for name, categories in self.columns.categories.items():
            codes = self.columns.codes(features, name)
            known = np.flatnonzero(codes >= 0)
            shape = (len(codes), len(categories) + 1)
            one_hot.append(sp.csr_matrix((np.ones(len(known)), (known, codes[known])), shape))
        return sp.hstack([sp.csr_matrix(scaled), sp.csr_matrix(missing[:, self.flagged]), *one_hot], "csr", np.float64)

    def emit(self, graph: Graph) -> str:
        """A value of shape [n, columns] that is `matrix` of the inputs."""
        parts = []
        for joined in self.columns.joined(graph):
            missing, mean = graph.add("IsNaN", joined), graph.constant(self.mean)
            filled = graph.add("Where", missing, mean, joined)
            clipped = graph.add("Max", graph.add("Min", filled, graph.constant(self.high)), graph.constant(self.low))
            parts.append(graph.add("Div", graph.add("Sub", clipped, mean), graph.constant(self.spread)))
            if len(self.flagged):
                flags = graph.add("Gather", graph.add("Cast", missing, to=1), graph.constant(self.flagged), axis=1)
                parts.append(flags)
        for name, categories in self.columns.categories.items():
            cats = [*categories, MISSING]
            one_hot = graph.add("OneHotEncoder", name, domain=ML, cats_strings=cats, zeros=1)
            parts.append(graph.add("Reshape", one_hot, graph.constant(np.array([-1, len(cats)]))))
        return graph.add("Concat", *parts, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class TreeEncoding:
    """Numbers as they are; of a categorical feature, how what is true of its category differs from the whole.

    In that order the best split of categories into two is one of a threshold: Fisher, "On grouping for maximum
    homogeneity", 1958. For several classes the first principal component of their shares does nearly as well:
    Coppersmith, Hong and Hosking, "Partitioning nominal attributes in decision trees", 1999.
    """

    columns: Columns
    orders: Mapping[str, Floats]
    """By categorical feature, [categories + 1]: of each category, then of unknown ones."""

    @classmethod
    def fitted(cls, columns: Columns, features: pa.Table, truth: NDArray[np.float64]) -> "TreeEncoding":
        """`truth` is [n, classes] of 0 and 1, or [n, 1] numbers."""
        orders = {}
        for name, categories in columns.categories.items():
            codes = columns.codes(features, name)
            orders[name] = _order(np.where(codes < 0, len(categories), codes), truth, len(categories))
        return cls(columns, orders)

    def matrix(self, features: pa.Table) -> Floats:
        """[n, features]."""
        coded = []
        for name, order in self.orders.items():
            values = np.concatenate([order[:-1], np.array([np.nan], np.float32), order[-1:]])  # -1 is the last
            coded.append(values[self.columns.codes(features, name)])
        return np.column_stack([self.columns.dense(features), *coded])

    def emit(self, graph: Graph) -> str:
        """A value of shape [n, features] that is `matrix` of the inputs."""
        parts = self.columns.joined(graph)
        for name, order in self.orders.items():
            keys, values = [*self.columns.categories[name], MISSING], [*order[:-1].tolist(), float("nan")]
            unknown = float(order[-1])
            parts.append(
                graph.add(
                    "LabelEncoder", name, domain=ML, keys_strings=keys, values_floats=values, default_float=unknown
                )
            )
        return graph.add("Concat", *parts, axis=1)


def _order(codes: NDArray[np.int64], truth: NDArray[np.float64], categories: int) -> Floats:
    """[categories + 1]; code `categories` is of unknown and of missing ones."""
    rows = np.bincount(codes, minlength=categories + 1).astype(np.float64)[: categories + 1]
    sums = np.column_stack([np.bincount(codes, column, categories + 1)[: categories + 1] for column in truth.T])
    whole = truth.mean(axis=0)
    shift = (sums + _PRIOR_ROWS * whole) / (rows + _PRIOR_ROWS)[:, None] - whole
    _, _, axes = np.linalg.svd(np.sqrt(rows)[:, None] * shift, full_matrices=False)
    axis = axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))])
    order: Floats = (shift @ axis).astype(np.float32)
    return order
