"""A person's decision: held against the registry, put on `approvals`, and followed until it is recorded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from driftline import connection, output, reading
from driftline.approvals import decide_by_ms, find
from driftline.errors import CommandError, ExitCode
from driftline.output import utc
from driftline.registry import opened
from driftline.saying import publish, record_of
from runtime.admin import describe
from runtime.clock import Clock
from runtime.log.partitioning import partition_of
from runtime.registry import Registry, RunView, objection, run_view, serving_of
from runtime.settings import KafkaSettings
from schemas.approval import Approval, Decision, approval_id_of, person

TOPIC = "approvals"
WAIT_S: Final = 15.0
REJECTION_MS: Final = 7 * 86_400_000
"""How long a rejection waits for a service, at most."""
_LOOK_S = 0.25
_HOLDS: Final = {"approve": frozenset({"approved", "promoted"}), "reject": frozenset({"rejected"})}
"""Steps at which a decision that was taken still stands."""

Outcome = Literal["recorded", "known", "refused", "waits"]
"""`known`: it was recorded before. `waits`: it is on the topic, and no service has taken it up yet."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person says."""

    decision: Decision
    actor: str
    reason: str
    expires_ms: int
    max_weight_bp: int = 0
    target: str | None = None
    """None: what serves the model, where that is one."""


class Decided(BaseModel):
    """A decision, and what became of it."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    approval: Approval
    why: str = ""
    """Of a refusal."""

    def __str__(self) -> str:
        said = self.approval
        to = f" for up to {said.max_weight_bp / 100:g} % of {said.target}" if said.decision == "approve" else ""
        done = {"approve": "approved", "reject": "rejected"}[said.decision]
        named = f"{said.model} {said.version}"
        return {
            "recorded": f"{named} is {done}{to} by {said.actor}.",
            "known": f"{named} was {done}{to} by {said.actor} already, {utc(said.time_ms)} UTC.",
            "refused": f"The service refused the decision on {named}: {self.why}",
            "waits": (
                f"The decision on {named} is on the topic `{TOPIC}`, and is taken up as soon as the retraining service "
                f"runs. See `driftline doctor`, then `driftline approvals {said.run_id[:8]}`."
            ),
        }[self.outcome]


def decide(data_dir: Path, named: str, terms: Terms, clock: Clock, wait_s: float = WAIT_S) -> Decided:
    """Says a decision on the candidate of a run or version, unless it was said before; waits for the service.

    Blocks up to `wait_s`. Raises CommandError where the registry knows an objection, and then nothing is written.
    """
    now_ms = clock.wall_ms()
    with opened(data_dir) as registry:
        with registry.reading() as session:
            run = find(session, named)
            approval = _approval(session, run, terms, now_ms)
            if before := _standing(run, approval, now_ms):
                return Decided(outcome="known", approval=before)
            _refuse(registry, session, run, approval, now_ms)
        settings = connection.find(data_dir).settings
        said = _said(settings, run, approval)
        if said is None:
            partitions = describe(settings, [TOPIC])[TOPIC].partitions
            publish(settings, TOPIC, run.model, approval, partition_of(run.model.encode(), partitions))
        return _followed(registry, said or approval, clock, wait_s)


def tell(decided: Decided, *, as_json: bool) -> ExitCode:
    """Prints a decision and what became of it; the exit code says whether it was refused."""
    if as_json:
        output.print_json(decided.model_dump(mode="json", by_alias=True))
    else:
        output.console().print(str(decided), markup=False, soft_wrap=True)
    return ExitCode.PROBLEM if decided.outcome == "refused" else ExitCode.OK


def _approval(session: Session, run: RunView, terms: Terms, now_ms: int) -> Approval:
    if run.version is None or run.artifact_digest is None:
        raise CommandError(
            f"Run {run.run_id} of {run.model} has no candidate: it is at {run.stands.step}.",
            "`driftline runs` tells how far it is, or why it failed",
            ExitCode.PROBLEM,
        )
    target = terms.target or _target(session, run.model)
    day = utc(now_ms, date_only=True)
    return record_of(
        Approval,
        approval_id=approval_id_of(
            run.run_id, terms.actor, terms.decision, run.artifact_digest, target, str(terms.max_weight_bp), day
        ),
        run_id=run.run_id,
        model=run.model,
        version=run.version,
        artifact_digest=run.artifact_digest,
        target=target,
        decision=terms.decision,
        max_weight_bp=terms.max_weight_bp,
        actor=terms.actor,
        requester=run.actor,
        reason=terms.reason,
        time_ms=now_ms,
        expires_ms=terms.expires_ms,
    )


def _target(session: Session, model: str) -> str:
    """What serves the model now; its own name where nothing is known to."""
    targets = sorted({serving.target for serving in serving_of(session, model) if serving.to_ms is None})
    if len(targets) > 1:
        raise CommandError(f"{model} is served by {', '.join(targets)}.", "name one with --target")
    return targets[0] if targets else model


def _standing(run: RunView, approval: Approval, now_ms: int) -> Approval | None:
    """The same decision by the same person that holds already."""

    def same(other: Approval) -> bool:
        return (person(other.actor), other.decision, other.target, other.max_weight_bp) == (
            person(approval.actor),
            approval.decision,
            approval.target,
            approval.max_weight_bp,
        )

    if run.stands.step not in _HOLDS[approval.decision]:
        return None
    return next((other for other in run.approvals if same(other) and other.expires_ms > now_ms), None)


def _refuse(registry: Registry, session: Session, run: RunView, approval: Approval, now_ms: int) -> None:
    refused = objection(session, approval, now_ms)
    if refused is not None:
        raise CommandError(refused.what, refused.next_step, ExitCode.PROBLEM) from refused
    until_ms = decide_by_ms(registry, run)
    if until_ms is not None and until_ms <= now_ms:
        raise CommandError(
            f"The time to decide on {run.model} {run.version} was over at {utc(until_ms)} UTC.",
            f"ask for a new candidate: driftline triggers fire --model {run.model}",
            ExitCode.PROBLEM,
        )


def _said(settings: KafkaSettings, run: RunView, approval: Approval) -> Approval | None:
    """The same decision, where it is on the topic and was not refused."""
    refused = {(refusal.approval_id, refusal.time_ms) for refusal in run.refusals}
    found = (entry.record for entry in reading.read(settings, TOPIC, Approval))
    same = [one for one in found if one.approval_id == approval.approval_id]
    return next((one for one in same if (one.approval_id, one.time_ms) not in refused), None)


def _followed(registry: Registry, approval: Approval, clock: Clock, wait_s: float) -> Decided:
    until_s = clock.monotonic() + wait_s
    while True:
        with registry.reading() as session:
            run = run_view(session, approval.run_id)
        if approval.approval_id in {one.approval_id for one in run.approvals}:
            return Decided(outcome="recorded", approval=approval)
        for refused in run.refusals:
            if (refused.approval_id, refused.time_ms) == (approval.approval_id, approval.time_ms):
                return Decided(outcome="refused", approval=approval, why=refused.why)
        if clock.monotonic() >= until_s:
            return Decided(outcome="waits", approval=approval)
        clock.sleep(_LOOK_S)
