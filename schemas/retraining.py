"""Topics `retraining.requests` (a policy, or a person, asks for a new candidate) and `retraining.controls`."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Identifier, Record, TimeMs
from schemas.retraining_policy import Priority

Reason = Annotated[str, Field(pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
"""A sentence; not blank, and without the character that databases cannot keep."""


def trigger_id_of(model: str, policy: str, *occasion: str) -> str:
    """32 hex digits of SHA-256 over model, policy and what made the occasion: of a policy, its opening window's id."""
    text = json.dumps((model, policy, *occasion), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class RetrainingRequest(Record):
    """One request. Its id is a hash of model, policy and window, so that it is made once."""

    schema_: Literal["driftline.retraining-request/1"] = Field("driftline.retraining-request/1", alias="schema")
    trigger_id: Identifier
    model: Identifier
    version: Identifier
    policy: Identifier
    kind: Literal["performance", "drift", "volume", "calendar", "manual"]
    priority: Priority = "normal"
    reason: Reason
    window_ids: tuple[str, ...] = ()
    """Evidence: the window that opened the occasion, and the newest after it; at most ten."""
    requested_ms: TimeMs
    """Of a policy, event time; of a person, the time of day."""
    actor: Identifier
    """The policy's service, or the person."""


class RetrainingSnooze(Record):
    """Policies do not ask for a model until a time. The newest of a model holds."""

    schema_: Literal["driftline.retraining-snooze/1"] = Field("driftline.retraining-snooze/1", alias="schema")
    model: Identifier
    until_ms: TimeMs
    """Event time; one that has passed ends a snooze."""
    reason: Reason
    actor: Identifier
    snoozed_ms: TimeMs
    """When the person said so: the time of day."""
