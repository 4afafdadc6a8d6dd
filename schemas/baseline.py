"""Topic `baselines`: what a model version's inputs and outputs looked like in training. Never raw rows."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, TimeMs

Role = Literal["feature", "prediction", "score"]
Kind = Literal["numeric", "categorical", "boolean"]


class ColumnBaseline(Record):
    """One column's reference distribution, over the cells live events are folded into (see stats/layout.py)."""

    name: Identifier
    role: Role
    kind: Kind
    edges: tuple[float, ...] = ()
    """Numeric: interior bin edges, rising; bin k holds (edges[k-1], edges[k]]."""
    categories: tuple[str, ...] = ()
    """Categorical: values with a cell of their own, most frequent first. Boolean: false, true."""
    rest: tuple[str, ...] = ()
    """Categorical: known values that share the `rest` cell."""
    open_ended: bool = False
    """Categorical: the reference has more values than are listed, so an unlisted one counts as rest, not unseen."""
    seen_once: Count = 0
    """Categorical: values that occur once in the reference, from which the rate of unseen ones is estimated."""
    center: float = 0.0
    scale: float = 1.0
    """Numeric: sums are kept of (value - center) / scale, in fixed point."""
    cells: tuple[int, ...]
    """The reference folded by the same fold as live events."""
    importance: float | None = None
    """Share of the model's importance, where known; ranks drift."""


class OutcomeReference(Record):
    """How good a model version's answers were on labelled rows it had not seen (see stats/performance/layout.py)."""

    task: Literal["binary", "multiclass", "regression"]
    classes: tuple[str, ...] = ()
    """Of a classification, the negative one first where there are two; a number is named as `stats` names it."""
    center: float = 0.0
    scale: float = 1.0
    """Of a regression: mean and standard deviation of the labels."""
    edges: tuple[float, ...] = ()
    """Of a regression: interior edges of the prediction's bins."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Of all that: only cells of equal digests merge."""
    cells: bytes
    """zlib of little-endian int64: the labelled rows, folded as live outcomes are."""


class Baseline(Record):
    """A model version's reference. Digests name it: only partials folded with equal digests merge."""

    schema_: Literal["driftline.baseline/1"] = Field("driftline.baseline/1", alias="schema")
    model: Identifier
    version: Identifier
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Of the columns: names, kinds, edges, categories, scales and reference cells."""
    dataset_digest: str | None = None
    """Of the rows it was built from."""
    origin: Literal["training", "learned"] = "training"
    rows: Count
    start_ms: TimeMs | None = None
    end_ms: TimeMs | None = None
    columns: Annotated[tuple[ColumnBaseline, ...], Field(max_length=2_100)]
    season: bytes | None = None
    """Hours of the week and their spread, as the training rows' times taught them (stats/detector/season.py)."""
    outcomes: OutcomeReference | None = None
    """Null where no labelled rows were given."""
    metrics: dict[str, float] = {}
    """Metrics on the holdout set, by their usual names."""
