"""What people and pages see of a run: who asked, where it stands, what it left, what was judged and decided."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session

from runtime.registry.errors import NotRegistered
from runtime.registry.facts import found
from runtime.registry.products import products_of
from runtime.registry.runs import steps_of
from runtime.registry.tables import (
    ApprovalFact,
    Gate,
    GateRule,
    Metric,
    Refusal,
    Run,
    RunJoined,
    Version,
    VersionDataset,
)
from schemas.approval import Approval
from schemas.model_event import GateResult, Step


class View(BaseModel):
    """Facts that were read, put together."""

    model_config = ConfigDict(frozen=True)


class Taken(View):
    """A step of a run."""

    step: Step
    time_ms: int
    detail: str


class Asked(View):
    """Who asked, and why."""

    policy: str
    kind: str
    priority: str
    reason: str
    actor: str
    requested_ms: int
    window_ids: tuple[str, ...]


class Joined(Asked):
    """A request that came while the run was open, and is answered by it."""

    trigger_id: str


class Refused(View):
    """A decision that was not taken."""

    approval_id: str
    decision: str
    actor: str
    reason: str
    time_ms: int
    why: str


class RunView(Asked):
    """A run, with the request that opened it. Null or empty is what has not come about."""

    run_id: str
    model: str
    incumbent: str
    """The version that the request was made for."""
    version: str | None
    """The candidate."""
    artifact_digest: str | None
    registered_ms: int
    steps: tuple[Taken, ...]
    joined: tuple[Joined, ...]
    products: dict[str, str]
    """Digests in the artifact store, by name."""
    gates: tuple[GateResult, ...]
    metrics: dict[str, float]
    """The candidate's figures on all rows of the holdout, where there are any."""
    approvals: tuple[Approval, ...]
    refusals: tuple[Refused, ...]

    @property
    def stands(self) -> Taken:
        """The last step."""
        return self.steps[-1]


def run_view(session: Session, run_id: str) -> RunView:
    """A run. Raises NotRegistered."""
    for run in found(session, Run, run_id=run_id):
        return _view(session, run)
    raise NotRegistered(f"There is no run {run_id}.", "`driftline runs` lists those there are")


def runs_of(session: Session, model: str | None = None) -> list[RunView]:
    """Runs of one model or of all, those opened last first."""
    runs = found(session, Run, **({"model": model} if model else {}))
    runs.sort(key=lambda run: (-run.registered_ms, run.run_id))
    return [_view(session, run) for run in runs]


def _view(session: Session, run: Run) -> RunView:
    of = {"run_id": run.run_id}
    made = next(iter(found(session, Version, **of)), None)
    return RunView(
        **_asked(run),
        **run.model_dump(include={"run_id", "model", "incumbent", "registered_ms"}),
        version=made.version if made else None,
        artifact_digest=made.artifact_digest if made else None,
        steps=tuple(
            Taken(step=step.step, time_ms=step.registered_ms, detail=step.detail)
            for step in steps_of(session, run.run_id)
        ),
        joined=tuple(
            Joined(**_asked(joined), trigger_id=joined.trigger_id)
            for joined in sorted(found(session, RunJoined, **of), key=lambda row: row.registered_ms)
        ),
        products=products_of(session, run.run_id),
        gates=tuple(_gates(session, run.run_id)),
        metrics=_metrics(session, made),
        approvals=tuple(
            Approval(**row.model_dump(exclude={"registered_ms"}))
            for row in sorted(found(session, ApprovalFact, **of), key=lambda row: row.registered_ms)
        ),
        refusals=tuple(
            Refused(**row.model_dump(include=set(Refused.model_fields)), why=row.detail)
            for row in sorted(found(session, Refusal, **of), key=lambda row: row.registered_ms)
        ),
    )


def _asked(request: Run | RunJoined) -> dict[str, Any]:
    return request.model_dump(include=set(Asked.model_fields)) | {"window_ids": json.loads(request.window_ids)}


def _metrics(session: Session, made: Version | None) -> dict[str, float]:
    if made is None:
        return {}
    of = {"model": made.model, "version": made.version}
    return {
        metric.name: metric.figure
        for holdout in found(session, VersionDataset, **of, role="holdout")
        for metric in found(session, Metric, **of, dataset_digest=holdout.dataset_digest, segment="")
        if metric.figure is not None
    }


def _gates(session: Session, run_id: str) -> list[GateResult]:
    return [
        GateResult.model_validate(
            {
                "gate": gate.gate,
                "value": row.figure,
                **row.model_dump(include={"rule", "feature", "passed", "bound", "detail"}),
            }
        )
        for gate in found(session, Gate, run_id=run_id)
        for row in found(session, GateRule, run_id=run_id, gate=gate.gate)
    ]
