"""The columns of a data file, as the services fold events."""

from collections.abc import Sequence

import numpy as np

from driftline.datasets import Dataset
from stats.fold import Columns, codes_of
from stats.reference import ColumnReference


def columns_of(data: Dataset, references: Sequence[ColumnReference]) -> Columns:
    """The columns that the references name. Raises CommandError when one is of another kind."""
    numbers = [data.numbers(column.name) for column in references if column.kind == "numeric"]
    codes = [
        codes_of(column, data.values_as_text(column.name, column.kind))
        for column in references
        if column.kind != "numeric"
    ]
    none = np.full(data.rows, np.nan)
    return Columns(
        values=np.array(numbers, np.float64).reshape(-1, data.rows),
        codes=np.array(codes, np.int32).reshape(-1, data.rows),
        status=np.zeros(data.rows, np.int16),
        latency_ms=none,
        score=none,
    )
