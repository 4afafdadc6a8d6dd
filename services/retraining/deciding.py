"""A person's decision on a candidate: recorded where the registry knows nothing against it, and else refused."""

from typing import Final

from sqlmodel import Session

from runtime.registry import Conflict, Stamp, advance_run, record_approval, record_refusal
from schemas.approval import Approval
from schemas.model_event import Step

_STEP: Final[dict[str, Step]] = {"approve": "approved", "reject": "rejected"}


def decide(session: Session, stamp: Stamp, approval: Approval) -> str | None:
    """Why the decision was refused, else None. A repetition changes nothing."""
    try:
        new = record_approval(session, stamp, approval)
    except Conflict as refused:
        record_refusal(session, stamp, approval, refused.what)
        return refused.what
    if new:
        advance_run(session, stamp, approval.run_id, _STEP[approval.decision], f"{approval.actor}: {approval.reason}")
    return None
