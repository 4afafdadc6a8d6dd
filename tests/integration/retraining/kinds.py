"""Models of every task that guess, with each kind of feature and some of it missing, and labels that say so."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.parts import Parts
from schemas.baseline import Baseline
from services.drift.reference import columns_of
from stats.loglinear import learn_column, sketch_coded, sketch_numeric
from stats.reference import Reference
from tests.integration.retraining.stream import DAY_MS, HOUR_MS
from tests.unit.retraining_training.rows import CLASSES, KINDS, TaskKind, table_of

_TASKS: dict[str, TaskKind] = {"price": "regression", "fruit": "multiclass", "club": "binary"}


def rows(model: str, n: int, seed: int) -> list[dict[str, Any]]:
    """Features, label, and what a model answers that knows nothing."""
    rng, kind = np.random.default_rng(seed), _TASKS[model]
    table = table_of(kind, n, seed).drop_columns(["time_ms", "feature:ticket"])
    found = table.rename_columns([name.removeprefix("feature:") for name in table.column_names]).to_pylist()
    for row in found:
        if kind == "regression":
            row["prediction"] = float(rng.normal(500, 100))
            continue
        chances = rng.dirichlet(np.full(len(CLASSES[kind]), 5.0)).tolist()
        row["prediction"] = CLASSES[kind][int(np.argmax(chances))]
        row.update({"score": chances[1]} if kind == "binary" else {"p": dict(zip(CLASSES[kind], chances, strict=True))})
    return found


def events(
    model: str, version: str, now_ms: int, n: int = 1_500, *, seed: int = 1, begin_ms: int | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Predictions from `begin_ms` on, ten days before `now_ms` unless told, each with its label an hour later."""
    begin_ms = now_ms - 10 * DAY_MS if begin_ms is None else begin_ms
    for number, row in enumerate(rows(model, n, seed)):
        time_ms = begin_ms + number * (now_ms - 2 * HOUR_MS - begin_ms) // n
        name = f"{model}-{version}-{number}"
        event = {
            "schema": "driftline.prediction/1",
            "prediction_id": name,
            "model": model,
            "version": version,
            "time_ms": time_ms,
            "features": {feature: row[feature] for feature in KINDS if row.get(feature) is not None},
            "prediction": row["prediction"],
            "segments": {"region": "eu" if number % 3 else "us"},
        }
        event |= {"score": row["score"]} if "score" in row else {}
        event |= {"probabilities": row["p"]} if "p" in row else {}
        yield "predictions", event
        told = {"schema": "driftline.label/1", "prediction_id": name, "label": row["label"]}
        yield "labels", told | {"time_ms": time_ms + HOUR_MS}


def baseline(model: str, version: str = "1") -> Baseline:
    """Of rows as the model was trained on."""
    kind, found = _TASKS[model], rows(model, 2_000, seed=9)
    for row in found:
        row |= {f"p:{name}": chance for name, chance in row.pop("p", {}).items()}
    parts = Parts(
        prediction="prediction",
        score="score" if kind == "binary" else None,
        label="label",
        probabilities={name: f"p:{name}" for name in CLASSES[kind]} if kind == "multiclass" else {},
    )
    return build(Dataset("rows", pa.Table.from_pylist(found)), model, version, parts)


def learned(model: str, version: str = "1") -> Baseline:
    """What production taught: columns, and nothing of outcomes."""
    found, columns = rows(model, 2_000, seed=9), []
    for name in sorted({*KINDS} & found[0].keys()):
        values = [row[name] for row in found]
        if KINDS[name] == "numeric":
            sketch = sketch_numeric(np.array([np.nan if value is None else value for value in values]))
        else:
            sketch = sketch_coded(
                KINDS[name], [str(value).lower() if isinstance(value, bool) else value for value in values]
            )
        columns.append(learn_column(name, "feature", sketch))
    said = [row["prediction"] for row in found]
    answers = sketch_coded("categorical", said) if isinstance(said[0], str) else sketch_numeric(np.array(said))
    columns.append(learn_column("prediction", "prediction", answers))
    if "score" in found[0]:
        columns.append(learn_column("score", "score", sketch_numeric(np.array([row["score"] for row in found]))))
    reference = Reference(tuple(columns))
    return Baseline(
        model=model,
        version=version,
        digest=reference.digest,
        origin="learned",
        rows=len(found),
        start_ms=1_700_000_000_000,
        end_ms=1_700_100_000_000,
        columns=columns_of(reference),
    )
