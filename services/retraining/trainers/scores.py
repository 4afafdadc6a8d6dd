"""Fitted models as scores, one a class (of a regression one in all), and as nodes of a graph that make the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from services.retraining.trainers.graph import ML, Graph

Scores = NDArray[np.float64]
"""[n, classes]: logits, or [n, 1]: numbers."""
ABSENT = -30.0
"""The logit of a class that no training row had."""


@dataclass(frozen=True, slots=True, eq=False)
class Adjustment:
    """scores * scale + shift."""

    scale: float
    shift: NDArray[np.float64]
    """[scores]"""

    @classmethod
    def none(cls, width: int) -> "Adjustment":
        """Changes nothing."""
        return cls(1.0, np.zeros(width))

    def done(self, scores: Scores) -> Scores:
        """Adjusted scores."""
        return scores * self.scale + self.shift

    def undone(self, scores: Scores) -> Scores:
        """What `done` makes the given scores of."""
        return (scores - self.shift) / self.scale


class Model(Protocol):
    """A fitted model."""

    def scores(self, matrix: Any) -> Scores:
        """Of rows as its encoding has them."""

    def emit(self, graph: Graph, matrix: str) -> str:
        """A value that is `scores` of a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """matrix @ weights + bias."""

    weights: NDArray[np.float64]
    """[columns, classes]"""
    bias: NDArray[np.float64]
    """[classes]"""

    def scores(self, matrix: sp.csr_matrix) -> Scores:
        """See Model."""
        scores: Scores = matrix @ self.weights + self.bias
        return scores

    def emit(self, graph: Graph, matrix: str) -> str:
        """See Model."""
        weights, bias = (graph.constant(part.astype(np.float32)) for part in (self.weights, self.bias))
        return graph.add("Gemm", matrix, weights, bias)


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Boosted trees of scikit-learn's HistGradientBoosting.

    Its nodes are read here, as converters to ONNX do. That of skl2onnx 1.20 fails on the types of numpy 2.4, and rounds
    thresholds to the nearest float32, which sends some values to the other side.
    """

    estimator: Any
    base: NDArray[np.float64]
    """[classes]: what a class has that no tree adds to."""
    scored: Sequence[int]
    """The class of each of its scores."""

    def scores(self, matrix: NDArray[np.float32]) -> Scores:
        """See Model."""
        asked = getattr(self.estimator, "decision_function", self.estimator.predict)
        scores = np.tile(self.base, (len(matrix), 1))
        scores[:, self.scored] = asked(matrix).reshape(len(matrix), -1)
        return scores

    def emit(self, graph: Graph, matrix: str) -> str:
        """See Model."""
        trees = list(self._trees())
        nodes = np.concatenate([tree for _, tree in trees])
        sizes = [len(tree) for _, tree in trees]
        ids = np.concatenate([np.arange(size) for size in sizes])
        tree_ids = np.repeat(np.arange(len(trees)), sizes)
        leaf = nodes["is_leaf"].astype(bool)
        base = self.base.copy()
        base[list(self.scored)] = self.estimator._baseline_prediction.ravel()  # noqa: SLF001  it has no public name
        summed = graph.add(
            "TreeEnsembleRegressor",
            matrix,
            domain=ML,
            n_targets=len(base),
            nodes_treeids=tree_ids.tolist(),
            nodes_nodeids=ids.tolist(),
            nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
            nodes_featureids=np.where(leaf, 0, nodes["feature_idx"]).tolist(),
            nodes_values=np.where(leaf, 0, _rounded_down(nodes["num_threshold"])).tolist(),
            nodes_truenodeids=np.where(leaf, 0, nodes["left"]).tolist(),
            nodes_falsenodeids=np.where(leaf, 0, nodes["right"]).tolist(),
            nodes_missing_value_tracks_true=np.where(leaf, 0, nodes["missing_go_to_left"]).tolist(),
            target_treeids=tree_ids[leaf].tolist(),
            target_nodeids=ids[leaf].tolist(),
            target_ids=np.repeat([target for target, _ in trees], sizes)[leaf].tolist(),
            target_weights=nodes["value"][leaf].tolist(),
        )
        # not as base_values: onnxruntime leaves them out of a score that no tree adds to
        return graph.add("Add", summed, graph.constant(base.astype(np.float32)))

    def _trees(self) -> Iterator[tuple[int, Any]]:
        """Target and nodes of each."""
        for predictors in self.estimator._predictors:  # noqa: SLF001  it has no public name
            yield from ((self.scored[k], predictor.nodes) for k, predictor in enumerate(predictors))


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """A float32 is at most a threshold if and only if it is at most the greatest float32 below it."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
