"""Topics `rollout.desired`, `rollout.observed`, `rollout.audit`: commands to serving, and what serving says it did."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, TimeMs

WeightBp = Annotated[int, Field(ge=0, le=10_000)]


class VariantWeight(Record):
    """One variant's share of traffic, in basis points."""

    model: Identifier
    version: Identifier
    digest: str
    weight_bp: WeightBp


class RolloutDesired(Record):
    """The state serving shall reach. Serving accepts only a greater (epoch, generation)."""

    schema_: Literal["driftline.rollout-desired/1"] = Field("driftline.rollout-desired/1", alias="schema")
    command_id: str
    target: Identifier
    """Also the record's key."""
    rollout_id: str
    epoch: Count
    generation: Count
    variants: Annotated[tuple[VariantWeight, ...], Field(min_length=1)]
    mirror: tuple[VariantWeight, ...] = ()
    stable_version: Identifier
    approval_ref: str | None
    expires_ms: TimeMs | None
    """A rollback never expires."""
    actor: Identifier
    evidence_ref: str | None
    time_ms: TimeMs


class RolloutObserved(Record):
    """What serving did with a command, with weights and digests read back."""

    schema_: Literal["driftline.rollout-observed/1"] = Field("driftline.rollout-observed/1", alias="schema")
    command_id: str | None
    target: Identifier
    epoch: Count
    generation: Count
    state: Literal["RECEIVED", "APPLYING", "APPLIED", "FAILED", "REJECTED_STALE", "REJECTED_CONFLICT", "DIVERGED"]
    variants: tuple[VariantWeight, ...]
    ready: dict[str, bool] = {}
    effective_ms: TimeMs | None = None
    heartbeat: bool = False
    detail: str = ""
    time_ms: TimeMs


class RolloutAudit(Record):
    """One decision, command or acknowledgement, as a link of a hash chain."""

    schema_: Literal["driftline.rollout-audit/1"] = Field("driftline.rollout-audit/1", alias="schema")
    target: Identifier
    rollout_id: str
    sequence: Count
    previous_hash: str
    event: str
    actor: Identifier
    detail: dict[str, str]
    time_ms: TimeMs
