"""A retraining run, from its request to a person's decision."""

from collections.abc import Sequence
from typing import Final, Literal

from sqlmodel import Session

from runtime.registry.canonical import canonical_json
from runtime.registry.errors import Conflict, NotRegistered
from runtime.registry.facts import Stamp, Whole, found, record
from runtime.registry.steps import FIRST, NEXT
from runtime.registry.tables import ApprovalFact, Gate, GateRule, Model, Run, RunStep
from schemas.approval import Approval
from schemas.model_event import GateResult, Step
from schemas.retraining import RetrainingRequest

_ORDER: Final = {step: position for position, step in enumerate(NEXT)}


def open_run(session: Session, stamp: Stamp, request: RetrainingRequest) -> bool:
    """Opens the run that answers a request, at its first step; false if it was opened before."""
    run = Run(
        run_id=request.trigger_id,
        model=request.model,
        incumbent=request.version,
        policy=request.policy,
        kind=request.kind,
        priority=request.priority,
        reason=request.reason,
        window_ids=canonical_json(list(request.window_ids)),
        actor=request.actor,
        requested_ms=request.requested_ms,
        registered_ms=stamp.now_ms,
    )
    first = RunStep(
        run_id=request.trigger_id, step=FIRST, previous=None, detail=request.reason, registered_ms=stamp.now_ms
    )
    return record(session, "open_run", stamp, Model(name=request.model, registered_ms=stamp.now_ms), run, first)


def advance_run(session: Session, stamp: Stamp, run_id: str, step: Step, detail: str = "") -> bool:
    """Takes a run to its next step; false if it was there before. Raises Conflict where the step cannot follow."""
    taken = steps_of(session, run_id)
    if not taken:
        raise NotRegistered(f"There is no run {run_id}.", "open it with the request that asked for it")
    if step in {before.step for before in taken}:
        return False
    last = taken[-1].step
    if step not in NEXT[last]:
        after = ", ".join(NEXT[last]) or "nothing"
        raise Conflict(
            f"Run {run_id} is at {last}; {step} cannot follow.", f"go on with {after}, or ask for another run"
        )
    row = RunStep(run_id=run_id, step=step, previous=last, detail=detail, registered_ms=stamp.now_ms)
    return record(session, "advance_run", stamp, row)


def steps_of(session: Session, run_id: str) -> list[RunStep]:
    """The steps of a run in the order they were taken; the last is where it stands."""
    return sorted(found(session, RunStep, run_id=run_id), key=lambda step: _ORDER[step.step])


def unfinished_runs(session: Session, model: str | None = None) -> list[tuple[Run, str]]:
    """Runs that can still go on, with the step they stand at: what a service takes up again after a crash."""
    runs = found(session, Run, **({"model": model} if model else {}))
    standing = [(run, steps_of(session, run.run_id)[-1].step) for run in runs]
    return [(run, step) for run, step in standing if NEXT[step]]


def record_gate(
    session: Session, stamp: Stamp, run_id: str, gate: Literal["data", "model"], results: Sequence[GateResult]
) -> bool:
    """Registers what a gate said, rule by rule; it has passed when all have. Raises ValueError without a rule of it."""
    if not results or {result.gate for result in results} != {gate}:
        raise ValueError(f"the {gate} gate is judged by at least one rule of its own, not by {results!r}")
    rules = [
        GateRule(
            run_id=run_id,
            gate=gate,
            position=position,
            rule=result.rule,
            passed=result.passed,
            figure=result.value,
            bound=result.bound,
            detail=result.detail,
        )
        for position, result in enumerate(results)
    ]
    passed = all(result.passed for result in results)
    head = Gate(run_id=run_id, gate=gate, passed=passed, registered_ms=stamp.now_ms)
    return record(session, "record_gate", stamp, Whole(head, {GateRule: rules}))


def record_approval(session: Session, stamp: Stamp, approval: Approval) -> bool:
    """Registers a person's decision. Raises Conflict unless run, version and bytes are those of a candidate."""
    if approval.decision == "approve" and approval.actor == approval.requester:
        raise Conflict(
            f"{approval.actor} asked for {approval.model} {approval.version} and cannot approve it.",
            "let somebody else approve it",
        )
    row = ApprovalFact(**approval.model_dump(exclude={"schema_"}), registered_ms=stamp.now_ms)
    return record(session, "record_approval", stamp, row)
