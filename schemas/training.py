"""How a candidate is made and what it must pass: the part `training` of a monitor."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from schemas.base import Identifier, Rate, Record
from schemas.windowing import DurationMs

DAY_MS = 86_400_000
Bound = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PairedMetric = Literal[
    "accuracy", "precision", "recall", "f1",
    "precision_macro", "recall_macro", "f1_macro", "precision_weighted", "recall_weighted", "f1_weighted",
    "auc", "log_loss", "brier",
    "mae", "mse", "rmse", "mape",
]  # fmt: skip


class SnapshotSpec(Record):
    """Which labelled rows a run takes: the newest of a stretch of event time that ends with the request."""

    lookback: DurationMs = 14 * DAY_MS
    """Events are kept as long: `driftline apply` sees to it."""
    rows: Annotated[int, Field(ge=100, le=10_000_000)] = 200_000
    """At most; of more, those are taken whose ids have the smallest hashes, the same whoever asks."""
    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    """Share of the rows that candidates are chosen by: the newest but for the holdout."""
    holdout: Annotated[float, Field(gt=0, lt=0.5)] = 0.2
    """Share of the rows that no trainer sees and the model gate judges by: the newest."""


class DataRules(Record):
    """Bounds of the data gate: of data that is broken, not of data that has changed (docs/statistics.md)."""

    rows: Annotated[int, Field(ge=1)] = 1_000
    age: DurationMs = 7 * DAY_MS
    """Of the newest labelled row, at most, when it was asked."""
    class_rows: Annotated[int, Field(ge=0)] = 30
    """Of each class, at least."""
    class_factor: Annotated[float, Field(gt=1)] = 3.0
    """By which a class' share may surely have grown or shrunk."""
    label_shift: Bound = 1.0
    """How far the mean label of a regression may have moved, in standard deviations."""
    missing: Rate = 0.05
    """By how much a feature's share of missing values may have grown."""
    unseen: Rate = 0.01
    out_of_range: Rate = 0.01
    psi_adj: Bound = 1.0
    duplicates: Rate = 0.01
    leakage: Rate = 0.99


class Case(Record):
    """An edge case: a row and the answer that is right."""

    features: dict[Identifier, float | str | bool | None]
    label: float | str


class ModelRules(Record):
    """What a candidate must pass on the holdout, against production's own answers to the same rows."""

    primary: Annotated[tuple[PairedMetric, ...], Field(min_length=1)] | None = None
    """Each must surely be better by `margin`; without it log loss where there are scores, else accuracy or MAE."""
    margin: Bound = 0.0
    """In the metric's unit."""
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Chance that a candidate that is no better passes a primary metric."""
    guards: dict[PairedMetric, Bound] = {}
    """None may surely be worse by so much, in its unit: a candidate must show that it is not."""
    tolerance: Bound = 0.0
    """Of a regression's cases, how far an answer may be off."""
    broken_cases: Annotated[int, Field(ge=0)] = 0
    """Cases that production has right and the candidate wrong, at most."""
    impact_ratio: Rate | None = 0.8
    odds_difference: Rate | None = 0.2
    calibration_error: Rate | None = 0.05
    latency_p99_ms: Annotated[float, Field(gt=0)] = 50.0
    """Of answering one row."""
    size_bytes: Annotated[int, Field(ge=1)] = 500_000_000


class Weights(Record):
    """What counts when several candidates are fit: 0 leaves a criterion out."""

    quality: Bound = 1.0
    """The first primary metric."""
    latency: Bound = 0.1
    size: Bound = 0.05
    resources: Bound = 0.05
    """Processor seconds of training."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.quality:
            raise ValueError("the weight of 'quality' must be above 0")
        return self


class Limits(Record):
    """What a training process may take; beyond it the run fails."""

    time: DurationMs = 3_600_000
    memory_mb: Annotated[int, Field(ge=256)] = 4_096
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Starts of the process, those that a crash of the service ended among them."""


class Training(Record):
    """How a model is trained anew. Everything has a default that works on labelled rows of any task."""

    trainer: Identifier = "scikit-learn"
    """A name under the entry points `driftline.trainers`, or in DRIFTLINE_TRAINERS."""
    parameters: dict[str, JsonValue] = {}
    """For the trainer."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    snapshot: SnapshotSpec = SnapshotSpec()
    data: DataRules = DataRules()
    model: ModelRules = ModelRules()
    cases: Annotated[tuple[Case, ...], Field(max_length=1_000)] = ()
    weights: Weights = Weights()
    limits: Limits = Limits()
    decide_within: DurationMs = 7 * DAY_MS
    """A candidate that nobody decided on is retired after so long."""
    target: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of right answers wanted; advice to retrain or replace is given against it."""
