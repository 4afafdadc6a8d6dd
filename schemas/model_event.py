"""Topic `model.events`: what happened to a retraining run and the candidate it made."""

from typing import Literal

from pydantic import Field

from schemas.base import Identifier, Record, TimeMs

Step = Literal[
    "started",
    "data_gate",
    "trained",
    "model_gate",
    "candidate",
    "approved",
    "rejected",
    "promoted",
    "retired",
    "failed",
]
"""Of a run."""


class GateResult(Record):
    """One rule of a gate, with the figure it looked at."""

    gate: Literal["data", "model"]
    rule: Identifier
    feature: Identifier | None = None
    """The feature, class, metric or group that the rule looked at; null where it looked at all."""
    passed: bool
    value: float | None
    bound: float | None
    detail: str


class ModelEvent(Record):
    """One step of one run; the run's id is its trigger's."""

    schema_: Literal["driftline.model-event/1"] = Field("driftline.model-event/1", alias="schema")
    run_id: str
    model: Identifier
    version: Identifier
    """The candidate's version."""
    step: Step
    time_ms: TimeMs
    artifact_digest: str | None = None
    dataset_digest: str | None = None
    gates: tuple[GateResult, ...] = ()
    metrics: dict[str, float] = {}
    detail: str = ""
