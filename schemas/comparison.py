"""What a person decides by: a candidate against production on the same untouched rows. Kept with the run as JSON."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from schemas.base import Count, Identifier, Rate, Record, TimeMs
from schemas.model_event import GateResult


class PairedFigure(Record):
    """One figure of both models on the same rows."""

    metric: Identifier
    production: float | None
    candidate: float | None
    gain: float | None
    """Above 0 the candidate is better, whatever the figure's direction."""
    low: float | None
    high: float | None
    """Ends of the gain's interval: each holds at 1 − alpha."""
    p_value: float | None
    n: Count
    why_not: str | None = None
    """Where there is no figure, the reason."""


class GroupFigure(Record):
    """How a protected group fares against the one that the monitor names, else the largest."""

    attribute: Identifier
    group: str
    against: str
    metric: Literal["selection_rate", "tpr", "fpr", "impact_ratio", "odds_difference"]
    production: float | None
    candidate: float | None
    low: float | None
    high: float | None
    """Ends of the candidate's 95 % interval."""


class Importance(Record):
    """What a feature is to both versions, as a share of the whole."""

    feature: Identifier
    production: float | None
    candidate: float | None


class Stability(Record):
    """How alike the importances of two versions are."""

    kendall_tau: float | None
    top_overlap: Rate | None
    """Share of the `top` most important features that both have."""
    top: Count
    importances: tuple[Importance, ...]
    """The candidate's most important first."""


class Tried(Record):
    """A candidate that training made, and what it was chosen by: its figures on the validation rows."""

    name: Identifier
    artifact_digest: str
    size_bytes: Count
    latency_p99_ms: float | None
    train_s: float
    """Processor seconds."""
    parameters: dict[str, JsonValue]
    metrics: dict[str, float]
    score: float | None
    """The composite; null where it could not be compared."""
    chosen: bool
    why_not: str | None = None


class Part(Record):
    """Rows of the snapshot, by what they were used for."""

    role: Literal["training", "validation", "holdout", "cases"]
    digest: str
    rows: Count
    start_ms: TimeMs | None
    end_ms: TimeMs | None


class Advice(Record):
    """Keep, retrain or replace: what the last retrains say, with their figures (stats/retraining/replace.py)."""

    verdict: Literal["keep", "retrain", "replace", "collect more"] | None
    plan_replacement: bool = False
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    level: float | None = None
    target: float | None = None
    retrains: Count = 0
    detail: str


class Turned(Record):
    """Rows of the holdout whose answer turned from right to wrong or back: of a regression, there are none."""

    gained: Count
    """Only the candidate has them right."""
    lost: Count
    """Only production has them right."""
    right: Count
    """The candidate has them right."""
    n: Count


class CanarySight(Record):
    """What a canary at a weight could see within a time, at the traffic of the snapshot."""

    metric: Identifier
    weight_bp: Annotated[int, Field(ge=1, le=10_000)]
    hours: float
    events: Count
    """Of the canary in that time."""
    production: Rate
    least: float | None
    """The smallest rise it would find four times in five at a false alarm rate of 1 %; null: none."""


class Comparison(Record):
    """All that is known of a candidate when a person is asked."""

    schema_: Literal["driftline.comparison/1"] = Field("driftline.comparison/1", alias="schema")
    run_id: str
    model: Identifier
    incumbent: Identifier
    version: Identifier
    artifact_digest: str
    parts: tuple[Part, ...]
    labelled_per_day: float
    """Predictions of the model that got a label, in the snapshot's time; where it was capped, estimated."""
    metrics: tuple[PairedFigure, ...]
    segments: dict[str, tuple[PairedFigure, ...]]
    """By `dimension=value`."""
    turned: Turned | None
    """What advice after later retrains is made of."""
    fairness: tuple[GroupFigure, ...]
    gates: tuple[GateResult, ...]
    stability: Stability
    tried: tuple[Tried, ...]
    advice: Advice
    canary: tuple[CanarySight, ...]
