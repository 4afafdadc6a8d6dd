"""A job's rows as the protocol has them."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from runtime.training.protocol import Rows, Task
from services.retraining.child.checks import Refused
from services.retraining.jobs import FEATURE, read_table

_TYPES = {"numeric": pa.float64(), "categorical": pa.string(), "boolean": pa.bool_()}


def labelled(path: Path, task: Task) -> Rows:
    """Rows of a training."""
    table = read_table(path)
    label = table["label"]
    return Rows(
        _features(table, task),
        label.to_numpy() if task.kind == "regression" else label.to_pylist(),
        table["time_ms"].to_numpy().astype(np.int64, copy=False),
    )


def unlabelled(path: Path, task: Task) -> pa.Table:
    """Features to answer. Raises Refused where there is anything else in the file."""
    table = read_table(path)
    more = [name for name in table.column_names if not name.startswith(FEATURE)]
    if more:
        raise Refused(f"{path.name} has the columns {', '.join(more)}: a predictor is shown features only.")
    return _features(table, task)


def _features(table: pa.Table, task: Task) -> pa.Table:
    return pa.table({name: table[f"{FEATURE}{name}"].cast(_TYPES[kind]) for name, kind in task.features.items()})
