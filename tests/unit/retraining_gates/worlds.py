"""Tables of labelled rows as a snapshot has them, the answers of candidates of a known worth, and their monitor."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.parts import Parts
from runtime.training.protocol import Answers
from schemas.baseline import Baseline
from schemas.model_event import GateResult
from schemas.monitor import Monitor
from services.retraining.gates.trial import Trial
from stats.performance.layout import OutcomeLayout

Task = Literal["binary", "multiclass", "regression"]

NEWEST_MS = 1_800_000_000_000
MINUTE_MS = 60_000
SPREAD = 1.5
CLASSES: dict[Task, tuple[str, ...]] = {"binary": ("no", "yes"), "multiclass": ("cat", "dog", "eel"), "regression": ()}
PRICES = OutcomeLayout("regression", (), 100.0, 20.0, (80.0, 100.0, 120.0))
LAYOUTS: dict[Task, OutcomeLayout] = {
    "binary": OutcomeLayout("binary", CLASSES["binary"]),
    "multiclass": OutcomeLayout("multiclass", CLASSES["multiclass"]),
    "regression": PRICES,
}
NO_ANSWERS = Answers([], None)


class World:
    """n rows with their truth, of which models know more or less."""

    def __init__(self, task: Task = "binary", n: int = 2_000, seed: int = 0) -> None:
        self.task, self.n, self.rng = task, n, np.random.default_rng(seed)
        if task == "regression":
            self.truth = self.rng.normal(100, 20, n)
            self.label: Any = self.truth
        else:
            self.truth = SPREAD * self.rng.standard_normal((n, len(CLASSES[task])))
            self.codes = (self.truth + self.rng.gumbel(size=self.truth.shape)).argmax(1)
            self.label = np.array(CLASSES[task])[self.codes].tolist()

    def answers(self, noise: float) -> Answers:
        """A model's, the better the less noise there is; of classes with calibrated probabilities.

        Of a normal truth seen through noise: its mean given what is seen, flattened for what is left of its spread
        (MacKay 1992, The evidence framework applied to classification networks).
        """
        if self.task == "regression":
            return Answers(self.truth + self.rng.normal(0, 5 * noise, self.n), None)
        share = SPREAD**2 / (SPREAD**2 + noise**2)
        seen = self.truth + self.rng.normal(0, noise, self.truth.shape)
        p = np.exp(seen * share / np.sqrt(1 + np.pi / 4 * share * noise**2))
        p /= p.sum(1, keepdims=True)
        return Answers(np.array(CLASSES[self.task])[p.argmax(1)].tolist(), p)

    def table(self, production: Answers, *, version: str = "v1", **columns: Any) -> pa.Table:
        """The rows, a minute apart, as `version` answered them; `columns` in place of others, `feature_age` and so."""
        time_ms = NEWEST_MS - MINUTE_MS * np.arange(self.n)[::-1]
        p = production.probabilities
        made = {
            "prediction_id": [f"p{i}" for i in range(self.n)],
            "time_ms": time_ms,
            "label_ms": time_ms + 60 * MINUTE_MS,
            "version": [version] * self.n,
            "variant": ["stable"] * self.n,
            "prediction": production.prediction,
            "score": p[:, 1] if p is not None and self.task == "binary" else pa.nulls(self.n, pa.float64()),
            **(
                {f"probability:{name}": p[:, k] for k, name in enumerate(CLASSES[self.task])}
                if p is not None and self.task == "multiclass"
                else {}
            ),
            "label": self.label,
            "value": pa.nulls(self.n, pa.float64()),
            "segment:site": np.resize(["north", "south"], self.n).tolist(),
            **{f"feature:{name}": column for name, column in features(self.rng, self.n).items()},
        }
        return pa.table(made | columns)


def features(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Of any one time; numbers in steps, so that the greatest and the least are seen in all."""
    return {
        "age": np.resize(np.arange(20.0, 80.0, 0.25), n)[rng.permutation(n)],
        "usage": np.resize(np.linspace(0, 1, 200), n)[rng.permutation(n)],
        "plan": np.resize(["basic"] * 6 + ["plus"] * 3 + ["pro"], n)[rng.permutation(n)].tolist(),
        "mobile": np.resize([True, False], n)[rng.permutation(n)].tolist(),
    }


def replaced(table: pa.Table, name: str, column: Any) -> pa.Table:
    """The table with another column of a name."""
    return table.set_column(table.column_names.index(name), name, pa.chunked_array([pa.array(column)]))


def baseline_of(table: pa.Table, task: Task = "binary") -> Baseline:
    """What `driftline baseline build` makes of a table."""
    named = {"prediction": "prediction", "label": "label", "time": "time_ms"}
    parts = Parts(
        **named,
        score="score" if task == "binary" else None,
        probabilities={name: f"probability:{name}" for name in CLASSES[task]} if task == "multiclass" else {},
    )
    bare = [name.removeprefix("feature:") for name in table.column_names]
    kept = table.rename_columns(bare).drop_columns(
        ["prediction_id", "label_ms", "version", "variant", "value", "segment:site"]
        + ([] if task == "binary" else ["score"])
    )
    return build(Dataset("rows", kept), "m", "v1", parts)


def monitor(**training: Any) -> Monitor:
    """One whose candidates must treat sites alike, and what else `training` says."""
    fairness = {"protected": [{"name": "site"}]}
    said = {"model": "m", "training": training, "performance": {"fairness": fairness}}
    return Monitor.model_validate_json(json.dumps(said))


def trial(
    task: Task = "binary",
    *,
    n: int = 2_000,
    seed: int = 0,
    production: float = 1.5,
    candidate: float = 0.3,
    rules: dict[str, Any] | None = None,
    **parts: Any,
) -> Trial:
    """A candidate that is truly better, or as the noise of the two models says; `parts` of the trial replaced."""
    world = World(task, n, seed)
    table, answers = world.table(world.answers(production)), world.answers(candidate)
    made = Trial(LAYOUTS[task], monitor(**(rules or {})), "v1", table, answers, NO_ANSWERS, None, 12.0, 1_000_000)
    return replace(made, **parts)


def failures(results: Iterable[GateResult]) -> list[tuple[str, str | None]]:
    """Rules that did not pass, and what they looked at."""
    return [(result.rule, result.feature) for result in results if not result.passed]
