"""Small data sets of labelled answers, and their baselines."""

from typing import Any

import numpy as np
import pyarrow as pa

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.holdout import layout_of
from driftline.parts import Parts
from runtime.cells import unpack
from schemas.baseline import Baseline

Columns = dict[str, Any]

N = 3_000
FRUIT = ("apple", "fig", "pear")


def built(columns: Columns, parts: Parts, unseen: Columns | None = None) -> Baseline:
    """A baseline of columns, with a feature beside them."""
    rows, *more = (Dataset(name, table(of)) for name, of in (("seen", columns), ("unseen", unseen)) if of is not None)
    return build(rows, "m", "1", parts, unseen=more[0] if more else None)


def table(columns: Columns) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"x": np.arange(float(n)), **columns})


def binary(seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    score = rng.random(N)
    return {
        "y": np.where(rng.random(N) < score, "bad", "good"),
        "answer": np.where(score > 0.6, "bad", "good"),
        "p": score,
    }


def fruit(seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet((1, 2, 3), N)
    label = (rng.random(N)[:, np.newaxis] > chances.cumsum(1)).sum(1).clip(0, 2)
    columns = {f"p_{name}": chances[:, k] for k, name in enumerate(FRUIT)}
    return {"y": np.array(FRUIT)[label], "answer": np.array(FRUIT)[chances.argmax(1)], **columns}


def counted(baseline: Baseline, part: str) -> np.ndarray:
    assert baseline.outcomes is not None
    layout = layout_of(baseline.outcomes)
    return layout.part(unpack(baseline.outcomes.cells), part)


BINARY = Parts(prediction="answer", score="p", label="y")
OF_FRUIT = Parts(prediction="answer", label="y", probabilities={name: f"p_{name}" for name in FRUIT})
NUMBERS = Parts(prediction="guess", label="y")
