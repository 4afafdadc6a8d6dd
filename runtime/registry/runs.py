"""A retraining run, from its request to its last step."""

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlmodel import Session, col

from runtime.registry.canonical import canonical_json
from runtime.registry.errors import Conflict, NotRegistered
from runtime.registry.facts import Stamp, Whole, found, record
from runtime.registry.steps import FIRST, NEXT, ORDER
from runtime.registry.tables import Gate, GateRule, Model, Run, RunJoined, RunStep
from schemas.model_event import GateResult, Step
from schemas.retraining import RetrainingRequest

_ASKED: Final = {"model", "policy", "kind", "priority", "reason", "actor", "requested_ms"}


def open_run(session: Session, stamp: Stamp, request: RetrainingRequest) -> bool:
    """Opens the run that answers a request, at its first step; false if it was opened before.

    Raises Conflict where the request has joined another run.
    """
    if (run_id := run_of(session, request.trigger_id)) not in (None, request.trigger_id):
        raise _answered(request.trigger_id, f"joined run {run_id}")
    run = Run(run_id=request.trigger_id, incumbent=request.version, **_asked(request), registered_ms=stamp.now_ms)
    first = RunStep(
        run_id=request.trigger_id, step=FIRST, previous=None, detail=request.reason, registered_ms=stamp.now_ms
    )
    return record(session, "open_run", stamp, Model(name=request.model, registered_ms=stamp.now_ms), run, first)


def join_run(session: Session, stamp: Stamp, request: RetrainingRequest, run_id: str) -> bool:
    """Registers that an open run of the same model answers a request; false if that was registered before.

    Raises Conflict where the request has a run of its own, or joined another.
    """
    if run_of(session, request.trigger_id) == request.trigger_id:
        raise _answered(request.trigger_id, "opened a run of its own")
    joined = RunJoined(trigger_id=request.trigger_id, run_id=run_id, **_asked(request), registered_ms=stamp.now_ms)
    return record(session, "join_run", stamp, joined)


def run_of(session: Session, trigger_id: str) -> str | None:
    """The id of the run that answers a request: its own, or the one that it joined; None where there is none yet."""
    own = [run.run_id for run in found(session, Run, run_id=trigger_id)]
    return next(iter(own or [joined.run_id for joined in found(session, RunJoined, trigger_id=trigger_id)]), None)


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
    words = detail.replace("\0", "�")  # a program's last words may be anything
    row = RunStep(run_id=run_id, step=step, previous=last, detail=words, registered_ms=stamp.now_ms)
    return record(session, "advance_run", stamp, row)


def steps_of(session: Session, run_id: str) -> list[RunStep]:
    """The steps of a run in the order they were taken; the last is where it stands."""
    return sorted(found(session, RunStep, run_id=run_id), key=lambda step: ORDER[step.step])


def unfinished_runs(session: Session, model: str | None = None) -> list[tuple[Run, Step]]:
    """Runs that can still go on, with the step they stand at: what a service takes up again after a crash."""
    ended = select(col(RunStep.run_id)).where(
        col(RunStep.step).in_([step for step, next_ in NEXT.items() if not next_])
    )
    statement = select(Run, RunStep).join(RunStep, col(RunStep.run_id) == col(Run.run_id))
    if model is not None:
        statement = statement.where(col(Run.model) == model)
    standing: dict[str, tuple[Run, Step]] = {}
    for run, taken in session.execute(statement.where(col(Run.run_id).not_in(ended)).order_by(col(Run.run_id))):
        step, known = taken.step, standing.get(run.run_id)
        if known is None or ORDER[step] > ORDER[known[1]]:
            standing[run.run_id] = run, step
    return list(standing.values())


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
            feature=result.feature,
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


def request_of(run: Run) -> RetrainingRequest:
    """The request that a run was opened for."""
    asked = run.model_dump(include=_ASKED)
    window_ids = tuple(json.loads(run.window_ids))
    return RetrainingRequest(trigger_id=run.run_id, version=run.incumbent, window_ids=window_ids, **asked)


def _asked(request: RetrainingRequest) -> dict[str, Any]:
    """What a request's fact has of it, be it a run or joined to one."""
    asked = request.model_dump(include=_ASKED)
    return asked | {"window_ids": canonical_json(list(request.window_ids))}


def _answered(trigger_id: str, how: str) -> Conflict:
    return Conflict(f"Request {trigger_id} has {how} already.", "go on with that run: a request is answered once")
