"""Topic `retraining.requests`: a policy, or a person, asks for a new candidate."""

from typing import Literal

from pydantic import Field

from schemas.base import Identifier, Record, TimeMs


class RetrainingRequest(Record):
    """One request. Its id is a hash of model, policy and window, so that it is made once."""

    schema_: Literal["driftline.retraining-request/1"] = Field("driftline.retraining-request/1", alias="schema")
    trigger_id: str
    model: Identifier
    version: Identifier
    policy: Identifier
    kind: Literal["performance", "drift", "volume", "calendar", "manual"]
    priority: Literal["low", "normal", "high"] = "normal"
    reason: str
    window_ids: tuple[str, ...] = ()
    requested_ms: TimeMs
    actor: str
    """The policy's service, or the person."""
