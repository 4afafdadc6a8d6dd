"""Where a version comes from and where it went: data, run, figures, decisions, traffic."""

import json
from typing import Any, TypeVar

from pydantic import Field
from sqlmodel import Session

from runtime.registry.deployments import Serving, serving_of
from runtime.registry.errors import NotRegistered
from runtime.registry.facts import found
from runtime.registry.run_view import RunView, View, run_view
from runtime.registry.tables import (
    Artifact,
    Dataset,
    DatasetRange,
    Environment,
    Fact,
    Importance,
    Metric,
    Model,
    Package,
    Parameter,
    Seed,
    Version,
    VersionDataset,
)
from schemas.approval import Approval
from schemas.base import SourceRange
from schemas.model_event import GateResult
from schemas.performance_window import Figure

F = TypeVar("F", bound=Fact)


class UsedRange(SourceRange):
    """A range of offsets, with the first and last event time in milliseconds of the rows it gave."""

    start_ms: int | None
    end_ms: int | None


class UsedDataset(View):
    """Rows that a version was trained or judged on."""

    role: str
    digest: str
    rows: int
    start_ms: int | None
    end_ms: int | None
    ranges: tuple[UsedRange, ...]


class Judged(View):
    """A figure of a version on a dataset."""

    name: str
    segment: str
    """Empty for all rows, else `dimension=value`."""
    dataset_digest: str
    role: str | None
    """What the version used that dataset for; null where for nothing else."""
    figure: Figure


class Lineage(View):
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
    importance: dict[str, float]
    """Of features, shares of the whole, the greatest first."""
    metrics: tuple[Judged, ...]
    served: tuple[Serving, ...] = Field(description="Deployments it was part of; those without an end serve now.")

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """What the gates of its run said."""
        return self.run.gates if self.run else ()

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """What people decided on it."""
        return self.run.approvals if self.run else ()

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


def models(session: Session) -> list[str]:
    """Every model that is registered, by name."""
    return [row.name for row in found(session, Model)]


def models_of(session: Session, version: str) -> list[str]:
    """The models that have a version of this name."""
    return [row.model for row in found(session, Version, version=version)]


def _unknown(session: Session, model: str, version: str | None) -> NotRegistered:
    known = models(session)
    if not known:
        return NotRegistered(
            "The registry holds no model yet.",
            "let a retraining policy of a monitor fire, or ask for a run by hand: its candidate is registered here",
        )
    if model not in known:
        return NotRegistered(f"The registry knows no model {model}.", f"name one of {', '.join(known)}")
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
        run=None if version.run_id is None else run_view(session, version.run_id),
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
        importance={
            row.feature: row.share for row in sorted(found(session, Importance, **of), key=lambda row: -row.share)
        },
        metrics=tuple(_judged(row, roles.get(row.dataset_digest)) for row in found(session, Metric, **of)),
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
