"""Registers what was made: datasets, versions, their metrics, and what people say of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlmodel import Session

from runtime.registry.artifacts import Blob
from runtime.registry.canonical import canonical_json, digest_of
from runtime.registry.facts import Stamp, Whole, record
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
    Statement,
    Version,
    VersionDataset,
)
from runtime.registry.tables.models import Role, Section
from schemas.base import SourceRange
from schemas.performance_window import Figure


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows of a dataset came from, and their first and last event time in milliseconds."""

    source: SourceRange
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """All that is known of how a version was made. What is not known stays null or empty, and its card says so."""

    model: str
    version: str
    artifact: Blob | None
    media_type: str = "application/octet-stream"
    run_id: str | None = None
    """Null: it was made outside Driftline."""
    datasets: Mapping[Role, str] = field(default_factory=dict)
    """Digests of registered datasets, by what they were used for."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of training, as JSON."""
    seeds: Mapping[str, int] = field(default_factory=dict)
    baseline_digest: str | None = None
    task: Literal["binary", "multiclass", "regression"] | None = None
    code_version: str | None = None
    python: str | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    """Versions by name."""
    importance: Mapping[str, float] = field(default_factory=dict)
    """Of features, each a share of the whole, 0 to 1."""


def register_dataset(session: Session, stamp: Stamp, digest: str, row_count: int, origins: Sequence[Origin]) -> bool:
    """Registers rows by the digest of their contents; false if they were registered before."""
    starts = [origin.start_ms for origin in origins if origin.start_ms is not None]
    ends = [origin.end_ms for origin in origins if origin.end_ms is not None]
    head = Dataset(
        digest=digest,
        row_count=row_count,
        start_ms=min(starts, default=None),
        end_ms=max(ends, default=None),
        registered_ms=stamp.now_ms,
    )
    ranges = [
        DatasetRange(
            dataset_digest=digest,
            topic_id=origin.source.topic_id,
            partition=origin.source.partition,
            start_offset=origin.source.start,
            end_offset=origin.source.end,
            topic=origin.source.topic,
            partitions=origin.source.partitions,
            start_ms=origin.start_ms,
            end_ms=origin.end_ms,
        )
        for origin in origins
    ]
    return record(session, "register_dataset", stamp, Whole(head, {DatasetRange: ranges}))


def register_candidate(session: Session, stamp: Stamp, candidate: Candidate) -> bool:
    """Registers a version with all that made it; false if it was registered before. Its datasets must be registered."""
    of = {"model": candidate.model, "version": candidate.version}
    version = Version(
        **of,
        run_id=candidate.run_id,
        artifact_digest=candidate.artifact.digest if candidate.artifact else None,
        baseline_digest=candidate.baseline_digest,
        task=candidate.task,
        code_version=candidate.code_version,
        environment_digest=_environment_digest(candidate),
        registered_ms=stamp.now_ms,
    )
    children: dict[type[Fact], Sequence[Fact]] = {
        VersionDataset: [VersionDataset(**of, role=role, dataset_digest=d) for role, d in candidate.datasets.items()],
        Parameter: [Parameter(**of, name=n, setting=canonical_json(p)) for n, p in candidate.parameters.items()],
        Seed: [Seed(**of, name=name, seed=seed) for name, seed in candidate.seeds.items()],
        Importance: [Importance(**of, feature=name, share=share) for name, share in candidate.importance.items()],
    }
    return record(
        session,
        "register_candidate",
        stamp,
        Model(name=candidate.model, registered_ms=stamp.now_ms),
        *_artifact(candidate, stamp.now_ms),
        *_environment(candidate, stamp.now_ms),
        Whole(version, children),
    )


def record_metrics(
    session: Session,
    stamp: Stamp,
    *,
    model: str,
    version: str,
    dataset_digest: str,
    figures: Mapping[str, Figure],
    segment: str = "",
) -> bool:
    """Registers a version's figures on a dataset, of all its rows or of a segment `dimension=value`."""
    rows = [
        Metric(
            model=model,
            version=version,
            dataset_digest=dataset_digest,
            segment=segment,
            name=name,
            figure=figure.value,
            low=figure.low,
            high=figure.high,
            n=figure.n,
            resolution=figure.resolution,
            why_not=figure.why_not,
            registered_ms=stamp.now_ms,
        )
        for name, figure in figures.items()
    ]
    return record(session, "record_metrics", stamp, *rows)


def state(session: Session, stamp: Stamp, model: str, section: Section, text: str) -> bool:
    """Registers what a person says of a model, for its cards; the newest of a section holds."""
    said = Statement(model=model, section=section, stated_ms=stamp.now_ms, text=text, actor=stamp.actor)
    return record(session, "state", stamp, Model(name=model, registered_ms=stamp.now_ms), said)


def _environment_digest(candidate: Candidate) -> str | None:
    if candidate.python is None:
        return None
    return digest_of(canonical_json({"python": candidate.python, "packages": dict(candidate.packages)}).encode())


def _environment(candidate: Candidate, now_ms: int) -> list[Whole]:
    python, digest = candidate.python, _environment_digest(candidate)
    if python is None or digest is None:
        return []
    packages = [
        Package(environment_digest=digest, name=name, package_version=number)
        for name, number in candidate.packages.items()
    ]
    return [Whole(Environment(digest=digest, python=python, registered_ms=now_ms), {Package: packages})]


def _artifact(candidate: Candidate, now_ms: int) -> list[Artifact]:
    blob = candidate.artifact
    if blob is None:
        return []
    return [
        Artifact(
            digest=blob.digest,
            size_bytes=blob.size_bytes,
            media_type=candidate.media_type,
            registered_ms=now_ms,
        )
    ]
