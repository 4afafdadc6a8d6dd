"""Topic `approvals`: a person's decision on a candidate."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Identifier, Record, TimeMs


class Approval(Record):
    """A decision, bound to the candidate's digest and to a greatest traffic weight."""

    schema_: Literal["driftline.approval/1"] = Field("driftline.approval/1", alias="schema")
    approval_id: str
    run_id: str
    model: Identifier
    version: Identifier
    artifact_digest: str
    decision: Literal["approve", "reject"]
    max_weight_bp: Annotated[int, Field(ge=0, le=10_000)]
    """Basis points of traffic the approval covers."""
    actor: Identifier
    requester: Identifier
    reason: str
    time_ms: TimeMs
