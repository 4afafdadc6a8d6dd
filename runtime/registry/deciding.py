"""A person's decision on a candidate, held against what is known of it."""

from collections.abc import Iterator
from typing import Final

from sqlmodel import Session

from runtime.registry.canonical import digest_of
from runtime.registry.errors import Conflict
from runtime.registry.facts import Stamp, found, record
from runtime.registry.runs import steps_of
from runtime.registry.tables import ApprovalFact, Refusal, Run, RunJoined, Version
from schemas.approval import Approval, person

OPEN: Final = frozenset({"candidate", "approved"})
"""Steps at which a run can be decided on: what was approved may be rejected yet, or approved for more traffic."""


def record_approval(session: Session, stamp: Stamp, approval: Approval) -> bool:
    """Registers a decision; false if it was registered before. Raises Conflict where there is an objection to it."""
    refused = None if _known(session, approval) else objection(session, approval, stamp.now_ms)
    if refused is not None:
        raise refused
    row = ApprovalFact(**approval.model_dump(exclude={"schema_"}), registered_ms=stamp.now_ms)
    return record(session, "record_approval", stamp, row)


def record_refusal(session: Session, stamp: Stamp, approval: Approval, why: str) -> bool:
    """Registers that a decision was not taken, and why; it changes nothing. False if that was registered before."""
    told = approval.model_dump(include=Refusal.model_fields.keys() & Approval.model_fields.keys())
    row = Refusal(digest=digest_of(approval.to_json()), **told, detail=why, registered_ms=stamp.now_ms)
    return record(session, "record_refusal", stamp, row)


def objection(session: Session, approval: Approval, now_ms: int) -> Conflict | None:
    """The first reason why a decision cannot be taken at a time (milliseconds); None where there is none."""
    return next(_objections(session, approval, now_ms), None)


def requesters_of(session: Session, run_id: str) -> list[str]:
    """Who asked for a run: the one it was opened for first, then those who joined."""
    opened = [run.actor for run in found(session, Run, run_id=run_id)]
    return [*opened, *(joined.actor for joined in found(session, RunJoined, run_id=run_id))]


def _known(session: Session, approval: Approval) -> bool:
    return bool(found(session, ApprovalFact, approval_id=approval.approval_id))


def _objections(session: Session, approval: Approval, now_ms: int) -> Iterator[Conflict]:
    named = f"{approval.model} {approval.version}"
    asked = requesters_of(session, approval.run_id)
    if not asked:
        yield Conflict(f"There is no run {approval.run_id}.", "`driftline runs` lists those there are")
        return
    made = found(session, Version, run_id=approval.run_id)
    of = (approval.model, approval.version, approval.artifact_digest)
    if of not in [(version.model, version.version, version.artifact_digest) for version in made]:
        yield Conflict(
            f"Run {approval.run_id} made no {named} with the bytes {approval.artifact_digest}.",
            "look at the candidate again with `driftline approvals`, and decide on what it shows",
        )
    step = steps_of(session, approval.run_id)[-1].step
    if step not in OPEN:
        yield Conflict(
            f"{named} cannot be decided on: its run stands at {step}.", "`driftline approvals` lists what waits"
        )
    if approval.expires_ms <= now_ms:
        yield Conflict(f"The decision on {named} has expired.", "decide again, with a later end")
    if person(approval.requester) != person(asked[0]):
        yield Conflict(
            f"The decision names {approval.requester} as who asked for {named}, but it was {asked[0]}.",
            "decide with `driftline approve` or `driftline reject`, which take the name from the registry",
        )
    if approval.decision == "approve" and person(approval.actor) in map(person, asked):
        yield Conflict(f"{approval.actor} asked for {named} and cannot approve it.", "let somebody else approve it")
