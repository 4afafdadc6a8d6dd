"""Arrays to the pandas frames that peers take."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def frame(given: Mapping[str, Any], side: str) -> pd.DataFrame:
    """`<side>_numeric` [F, n] and `<side>_coded` texts [C, n] as columns x0…, c0…; `side` is reference or window."""
    numeric, coded = given[f"{side}_numeric"], given[f"{side}_coded"]
    columns = {f"x{i}": row for i, row in enumerate(numeric)} | {f"c{i}": row for i, row in enumerate(coded)}
    return pd.DataFrame(columns)


def names(data: pd.DataFrame, kind: str) -> list[str]:
    """The columns of a kind: x are numeric, c categorical."""
    return [name for name in data.columns if name.startswith(kind)]
