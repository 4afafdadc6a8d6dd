"""A retraining run: who asked, its steps, what they left, what its gates said, and what people decided."""

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import AutoString, Field

from runtime.registry.steps import as_rule
from runtime.registry.tables.base import Bigint, Fact, Key, as_in, check, sha256, time_ms
from schemas.approval import Approval
from schemas.model_event import GateResult, Step
from schemas.retraining import RetrainingRequest


class Run(Fact, table=True):
    """One answer to one request; its id is the trigger's, so that a request is never answered twice."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("run_id", "model"),
        as_in(RetrainingRequest, "kind"),
        as_in(RetrainingRequest, "priority"),
        time_ms("requested_ms"),
        time_ms("registered_ms"),
    )

    run_id: Key
    model: str = Field(foreign_key="model.name")
    incumbent: str
    """The version that the request was made for."""
    policy: str
    kind: str
    priority: str
    reason: str
    window_ids: str
    """JSON."""
    actor: str
    """Who asked: the policy's service, or a person."""
    requested_ms: Bigint
    registered_ms: Bigint


class RunStep(Fact, table=True):
    """A step that a run has reached. Each points to the one before, which has one follower only: a run never forks."""

    __tablename__ = "run_step"
    __table_args__ = (
        UniqueConstraint("run_id", "previous"),
        ForeignKeyConstraint(["run_id", "previous"], ["run_step.run_id", "run_step.step"], name="fk_run_step_previous"),
        check("transition", as_rule()),
        time_ms("registered_ms"),
    )

    run_id: str = Field(primary_key=True, foreign_key="run.run_id")
    step: Step = Field(primary_key=True, sa_type=AutoString)
    previous: str | None
    detail: str
    registered_ms: Bigint


class RunJoined(Fact, table=True):
    """A request that a run answers which was open already when it came."""

    __tablename__ = "run_joined"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "model"], ["run.run_id", "run.model"]),
        check("another", "trigger_id <> run_id"),
        as_in(RetrainingRequest, "kind"),
        as_in(RetrainingRequest, "priority"),
        time_ms("requested_ms"),
        time_ms("registered_ms"),
    )

    trigger_id: Key
    run_id: str
    model: str
    policy: str
    kind: str
    priority: str
    reason: str
    window_ids: str
    """JSON."""
    actor: str
    requested_ms: Bigint
    registered_ms: Bigint


class RunProduct(Fact, table=True):
    """What a stage of a run left in the artifact store, by its name: plan, training, comparison and so on."""

    __tablename__ = "run_product"
    __table_args__ = (time_ms("registered_ms"),)

    run_id: str = Field(primary_key=True, foreign_key="run.run_id")
    name: Key
    digest: str = Field(foreign_key="artifact.digest")
    registered_ms: Bigint


class Announced(Fact, table=True):
    """A step that was published on `model.events`."""

    __tablename__ = "announced"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "step"], ["run_step.run_id", "run_step.step"]),
        time_ms("registered_ms"),
    )

    run_id: Key
    step: Key
    registered_ms: Bigint


class Gate(Fact, table=True):
    """The verdict of one gate on one run; it has passed when all of its rules have."""

    __tablename__ = "gate"
    __table_args__ = (as_in(GateResult, "gate"), time_ms("registered_ms"))

    run_id: str = Field(primary_key=True, foreign_key="run.run_id")
    gate: Key
    passed: bool
    registered_ms: Bigint


class GateRule(Fact, table=True):
    """One rule of a gate, in the order in which they were judged."""

    __tablename__ = "gate_rule"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "gate"], ["gate.run_id", "gate.gate"]),
        check("position", "position >= 0"),
    )

    run_id: Key
    gate: Key
    position: int = Field(primary_key=True)
    rule: str
    feature: str | None
    """The feature, class, metric or group that the rule looked at; null where it looked at all."""
    passed: bool
    figure: float | None
    """Null where it could not be judged."""
    bound: float | None
    detail: str


class ApprovalFact(Fact, table=True):
    """A person's decision. It holds for the version of that run with those bytes, and for nothing else."""

    __tablename__ = "approval"
    __table_args__ = (
        ForeignKeyConstraint(
            ["run_id", "model", "version", "artifact_digest"],
            ["version.run_id", "version.model", "version.version", "version.artifact_digest"],
        ),
        as_in(Approval, "decision"),
        check("max_weight", "max_weight_bp BETWEEN 0 AND 10000"),
        check("two_people", "decision = 'reject' OR actor <> requester"),
        check("order", "time_ms <= expires_ms"),
        time_ms("time_ms"),
        time_ms("expires_ms"),
        time_ms("registered_ms"),
    )

    approval_id: Key
    run_id: str
    model: str
    version: str
    artifact_digest: str
    target: str
    decision: str
    max_weight_bp: int
    actor: str
    requester: str
    reason: str
    time_ms: Bigint
    expires_ms: Bigint
    registered_ms: Bigint


class Refusal(Fact, table=True):
    """A decision that was not taken, as it came: it may name a run or version that nobody knows."""

    __tablename__ = "refusal"
    __table_args__ = (
        sha256("digest"),
        as_in(Approval, "decision"),
        time_ms("time_ms"),
        time_ms("registered_ms"),
    )

    digest: Key
    """Of the record: one that bears another's id, or is made again, is another."""
    approval_id: str
    run_id: str
    model: str
    version: str
    artifact_digest: str
    decision: str
    actor: str
    reason: str
    time_ms: Bigint
    detail: str
    """Why it was refused."""
    registered_ms: Bigint
