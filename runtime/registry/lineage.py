"""Where a version comes from and where it went: data, run, figures, decisions, traffic."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from runtime.registry.deployments import Serving, serving_of
from runtime.registry.errors import NotRegistered
from runtime.registry.facts import found
from runtime.registry.runs import steps_of
from runtime.registry.tables import (
    ApprovalFact,
    Artifact,
    Dataset,
    DatasetRange,
    Environment,
    Fact,
    Gate,
    GateRule,
    Metric,
    Model,
    Package,
    Parameter,
    Run,
    Seed,
    Version,
    VersionDataset,
)
from schemas.approval import Approval
from schemas.base import SourceRange
from schemas.model_event import GateResult
from schemas.performance_window import Figure

F = TypeVar("F", bound=Fact)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class UsedRange(SourceRange):
    """A range of offsets, with the first and last event time in milliseconds of the rows it gave."""

    start_ms: int | None
    end_ms: int | None


class UsedDataset(_View):
    """Rows that a version was trained or judged on."""

    role: str
    digest: str
    rows: int
    start_ms: int | None
    end_ms: int | None
    ranges: tuple[UsedRange, ...]


class Judged(_View):
    """A figure of a version on a dataset."""

    name: str
    segment: str
    """Empty for all rows, else `dimension=value`."""
    dataset_digest: str
    role: str | None
    """What the version used that dataset for; null where for nothing else."""
    figure: Figure


class Taken(_View):
    """A step of a run."""

    step: str
    time_ms: int
    detail: str


class RunView(_View):
    """The run that made a version, and why there was one."""

    run_id: str
    policy: str
    kind: str
    reason: str
    actor: str
    incumbent: str
    requested_ms: int
    window_ids: tuple[str, ...]
    steps: tuple[Taken, ...]


class Lineage(_View):
    """All that the registry knows of one version. Null or empty is what it does not know."""

    model: str
    version: str
    registered_ms: int
    run: RunView | None
    """Null: it was made outside Driftline."""
    artifact_digest: str | None
    artifact_bytes: int | None
    media_type: str | None
    baseline_digest: str | None
    task: str | None
    code_version: str | None
    environment_digest: str | None
    python: str | None
    packages: dict[str, str]
    parameters: dict[str, Any]
    seeds: dict[str, int]
    datasets: tuple[UsedDataset, ...]
    metrics: tuple[Judged, ...]
    gates: tuple[GateResult, ...]
    approvals: tuple[Approval, ...]
    served: tuple[Serving, ...] = Field(description="Deployments it was part of; those without an end serve now.")

    @property
    def serving(self) -> tuple[Serving, ...]:
        """Where it serves now."""
        return tuple(serving for serving in self.served if serving.to_ms is None)


def lineage_of(session: Session, model: str, version: str | None = None) -> tuple[Lineage, ...]:
    """A model's versions, or the one named, those registered last first. Raises NotRegistered where there is none."""
    only = {} if version is None else {"version": version}
    versions = found(session, Version, model=model, **only)
    if not versions:
        raise _unknown(session, model, version)
    served = serving_of(session, model)
    versions.sort(key=lambda row: (-row.registered_ms, row.version))
    return tuple(_lineage(session, row, served) for row in versions)


def models_of(session: Session, version: str) -> list[str]:
    """The models that have a version of this name."""
    return [row.model for row in found(session, Version, version=version)]


def _unknown(session: Session, model: str, version: str | None) -> NotRegistered:
    models = [row.name for row in found(session, Model)]
    if not models:
        return NotRegistered(
            "The registry holds no model yet.",
            "let a retraining policy of a monitor fire, or ask for a run by hand: its candidate is registered here",
        )
    if model not in models:
        return NotRegistered(f"The registry knows no model {model}.", f"name one of {', '.join(models)}")
    versions = [row.version for row in found(session, Version, model=model)]
    if not versions:
        return NotRegistered(
            f"No version of {model} is registered yet, only that a run was asked for.",
            "wait until a run reaches its candidate",
        )
    return NotRegistered(f"{model} has no version {version}.", f"name one of {', '.join(versions)}")


def _lineage(session: Session, version: Version, served: list[Serving]) -> Lineage:
    of = {"model": version.model, "version": version.version}
    artifact = _one(session, Artifact, digest=version.artifact_digest)
    environment = _one(session, Environment, digest=version.environment_digest)
    datasets = tuple(_dataset(session, use) for use in found(session, VersionDataset, **of))
    roles = {dataset.digest: dataset.role for dataset in datasets}
    return Lineage(
        **version.model_dump(exclude={"run_id"}),
        run=_run(session, version.run_id),
        artifact_bytes=artifact.size_bytes if artifact else None,
        media_type=artifact.media_type if artifact else None,
        python=environment.python if environment else None,
        packages={
            row.name: row.package_version
            for row in found(session, Package, environment_digest=version.environment_digest)
        },
        parameters={row.name: json.loads(row.setting) for row in found(session, Parameter, **of)},
        seeds={row.name: row.seed for row in found(session, Seed, **of)},
        datasets=datasets,
        metrics=tuple(_judged(row, roles.get(row.dataset_digest)) for row in found(session, Metric, **of)),
        gates=_gates(session, version.run_id),
        approvals=tuple(
            Approval(**row.model_dump(exclude={"registered_ms"})) for row in found(session, ApprovalFact, **of)
        ),
        served=tuple(serving for serving in served if serving.version == version.version),
    )


def _one(session: Session, kind: type[F], **key: Any) -> F | None:
    return next(iter(found(session, kind, **key)), None)


def _dataset(session: Session, use: VersionDataset) -> UsedDataset:
    (dataset,) = found(session, Dataset, digest=use.dataset_digest)
    ranges = found(session, DatasetRange, dataset_digest=use.dataset_digest)
    return UsedDataset(
        role=use.role,
        digest=dataset.digest,
        rows=dataset.row_count,
        start_ms=dataset.start_ms,
        end_ms=dataset.end_ms,
        ranges=tuple(
            UsedRange(
                **row.model_dump(exclude={"dataset_digest", "start_offset", "end_offset"}),
                start=row.start_offset,
                end=row.end_offset,
            )
            for row in ranges
        ),
    )


def _judged(row: Metric, role: str | None) -> Judged:
    figure = Figure(
        value=row.figure, low=row.low, high=row.high, n=row.n, resolution=row.resolution, why_not=row.why_not
    )
    return Judged(name=row.name, segment=row.segment, dataset_digest=row.dataset_digest, role=role, figure=figure)


def _run(session: Session, run_id: str | None) -> RunView | None:
    run = _one(session, Run, run_id=run_id)
    if run is None:
        return None
    steps = tuple(
        Taken(step=row.step, time_ms=row.registered_ms, detail=row.detail) for row in steps_of(session, run.run_id)
    )
    known = run.model_dump(include=set(RunView.model_fields) - {"window_ids", "steps"})
    return RunView(**known, window_ids=json.loads(run.window_ids), steps=steps)


def _gates(session: Session, run_id: str | None) -> tuple[GateResult, ...]:
    return tuple(
        GateResult.model_validate(
            {
                "gate": gate.gate,
                "value": row.figure,
                **row.model_dump(include={"rule", "passed", "bound", "detail"}),
            }
        )
        for gate in found(session, Gate, run_id=run_id)
        for row in found(session, GateRule, run_id=run_id, gate=gate.gate)
    )
