"""Topic `approvals`: a person's decision on a candidate."""

import hashlib
import json
import unicodedata
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Identifier, Record, TimeMs

Decision = Literal["approve", "reject"]


def person(name: str) -> str:
    """A name as it is compared: case, space around it, how letters are composed, and what is not seen do not count."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(letter for letter in folded if unicodedata.category(letter) != "Cf").split())


def approval_id_of(run_id: str, actor: str, decision: Decision, artifact_digest: str, *terms: str) -> str:
    """32 hex digits of SHA-256 over run, person, decision, the bytes, and the terms that make it another decision."""
    text = json.dumps((run_id, person(actor), decision, artifact_digest, *terms), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Approval(Record):
    """A decision, bound to the candidate's digest and to a greatest traffic weight."""

    schema_: Literal["driftline.approval/1"] = Field("driftline.approval/1", alias="schema")
    approval_id: Identifier
    run_id: Identifier
    model: Identifier
    version: Identifier
    artifact_digest: Identifier
    target: Identifier
    """What serves the model: an approval holds there and nowhere else."""
    decision: Decision
    max_weight_bp: Annotated[int, Field(ge=0, le=10_000)]
    """Basis points of traffic the approval covers."""
    actor: Identifier
    requester: Identifier
    reason: Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
    """It is shown on terminals: of control characters it may hold line feeds and tabs."""
    time_ms: TimeMs
    expires_ms: TimeMs
    """A rollout that has not begun by then needs another approval."""
