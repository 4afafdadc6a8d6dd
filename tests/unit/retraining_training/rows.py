"""Labelled rows of each task, with every kind of feature, and something to learn in them."""

from typing import Any, Literal

import numpy as np
import pyarrow as pa

from runtime.training.protocol import Assignment, Kind, Rows, Task

TaskKind = Literal["binary", "multiclass", "regression"]
KINDS: dict[str, Kind] = {
    "age": "numeric",
    "income": "numeric",
    "member": "boolean",
    "city": "categorical",
    "ticket": "categorical",
}
CLASSES: dict[str, tuple[str, ...]] = {
    "binary": ("good", "bad"),
    "multiclass": ("apple", "fig", "pear"),
    "regression": (),
}
CITIES = ("Bern", "Basel", "Chur", "Genf", "Lugano")


def task_of(kind: TaskKind) -> Task:
    return Task(kind, CLASSES[kind], KINDS)


def table_of(kind: TaskKind, n: int, seed: int) -> pa.Table:
    """As a snapshot has them; a twentieth of each feature is missing, tickets hardly ever come twice."""
    rng = np.random.default_rng(seed)
    age, income = rng.normal(40, 10, n), rng.lognormal(10, 1, n)
    member, city = rng.random(n) < 0.4, rng.integers(0, len(CITIES), n)
    tends = (age - 40) / 10 + np.where(city % 2 == 0, 1.5, -1.5) * member + np.abs(np.log(income) - 10)
    columns: dict[str, Any] = {
        "age": age,
        "income": income,
        "member": member,
        "city": np.array(CITIES)[city],
        "ticket": np.array([f"t{number}" for number in rng.integers(0, 10_000, n)]),
    }
    features = {f"feature:{name}": pa.array(values, mask=rng.random(n) < 0.05) for name, values in columns.items()}
    labels = {
        "binary": lambda: np.where(rng.logistic(size=n) < 2 * tends - 1, "bad", "good"),
        "multiclass": lambda: np.array(CLASSES["multiclass"])[np.digitize(2 * tends + rng.logistic(size=n), (0, 3))],
        "regression": lambda: 500 + 100 * tends + rng.normal(0, 40, n),
    }
    return pa.table(
        {**features, "label": pa.array(labels[kind]()), "time_ms": pa.array(np.arange(n) + 1_700_000_000_000)}
    )


def features_of(table: pa.Table) -> pa.Table:
    return pa.table({name: table[f"feature:{name}"] for name in KINDS})


def rows_of(table: pa.Table) -> Rows:
    label = table["label"]
    numbers = pa.types.is_floating(label.type)
    return Rows(features_of(table), label.to_numpy() if numbers else label.to_pylist(), table["time_ms"].to_numpy())


def assignment(
    kind: TaskKind, parameters: dict[str, Any] | None = None, *, n: int = 1_500, seed: int = 0
) -> Assignment:
    training, validation = table_of(kind, n, seed=1), table_of(kind, n // 3, seed=2)
    return Assignment(task_of(kind), rows_of(training), rows_of(validation), {"search": 2, **(parameters or {})}, seed)
