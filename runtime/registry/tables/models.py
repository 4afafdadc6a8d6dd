"""Models, their versions, and all that says how a version was made."""

from typing import Literal, get_args

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from runtime.registry.tables.base import Bigint, Fact, Key, as_in, check, one_of, sha256, time_ms
from schemas.baseline import OutcomeReference

Role = Literal["training", "validation", "holdout", "cases"]
"""What a version used a dataset for."""
Section = Literal[
    "description",
    "owner",
    "licence",
    "intended_use",
    "out_of_scope",
    "factors",
    "ethical_considerations",
    "caveats",
]
"""What people say of a model."""


def _of_version() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["model", "version"], ["version.model", "version.version"])


class Model(Fact, table=True):
    """A model, under the name it is watched by."""

    __tablename__ = "model"
    __table_args__ = (time_ms("registered_ms"),)

    name: Key
    registered_ms: Bigint


class Statement(Fact, table=True):
    """What only people know of a model, for its card. The newest of a section holds."""

    __tablename__ = "statement"
    __table_args__ = (
        one_of("section", *get_args(Section)),
        time_ms("stated_ms"),
    )

    model: str = Field(primary_key=True, foreign_key="model.name")
    section: Key
    stated_ms: int = Field(primary_key=True, sa_type=BigInteger)
    text: str
    actor: str


class Artifact(Fact, table=True):
    """Bytes in the artifact store, named by their digest."""

    __tablename__ = "artifact"
    __table_args__ = (sha256("digest"), check("size_bytes", "size_bytes >= 0"), time_ms("registered_ms"))

    digest: Key
    size_bytes: Bigint
    media_type: str
    registered_ms: Bigint


class Environment(Fact, table=True):
    """The packages a version was trained with, named by the digest of their names and versions."""

    __tablename__ = "environment"
    __table_args__ = (sha256("digest"), time_ms("registered_ms"))

    digest: Key
    python: str
    registered_ms: Bigint


class Package(Fact, table=True):
    """One package of an environment."""

    __tablename__ = "package"

    environment_digest: str = Field(primary_key=True, foreign_key="environment.digest")
    name: Key
    package_version: str


class Version(Fact, table=True):
    """A version of a model: what a run made, or what was there before (then it has no run)."""

    __tablename__ = "version"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "model"], ["run.run_id", "run.model"]),
        UniqueConstraint("run_id"),
        UniqueConstraint("run_id", "model", "version", "artifact_digest", name="uq_version_approved"),
        check("made", "run_id IS NULL OR artifact_digest IS NOT NULL"),
        as_in(OutcomeReference, "task"),
        check("baseline_digest", "length(baseline_digest) = 16"),
        time_ms("registered_ms"),
    )

    model: str = Field(primary_key=True, foreign_key="model.name")
    version: Key
    run_id: str | None
    artifact_digest: str | None = Field(foreign_key="artifact.digest")
    baseline_digest: str | None
    task: str | None
    code_version: str | None
    environment_digest: str | None = Field(foreign_key="environment.digest")
    registered_ms: Bigint


class VersionDataset(Fact, table=True):
    """What a version was trained on, and what it was judged on."""

    __tablename__ = "version_dataset"
    __table_args__ = (_of_version(), one_of("role", *get_args(Role)))

    model: Key
    version: Key
    role: Key
    dataset_digest: str = Field(foreign_key="dataset.digest")


class Parameter(Fact, table=True):
    """A parameter of training, as JSON."""

    __tablename__ = "parameter"
    __table_args__ = (_of_version(),)

    model: Key
    version: Key
    name: Key
    setting: str


class Seed(Fact, table=True):
    """What a source of randomness was started with."""

    __tablename__ = "seed"
    __table_args__ = (_of_version(),)

    model: Key
    version: Key
    name: Key
    seed: Bigint


class Importance(Fact, table=True):
    """What a feature is to a version."""

    __tablename__ = "importance"
    __table_args__ = (_of_version(), check("share", "share BETWEEN 0 AND 1"))

    model: Key
    version: Key
    feature: Key
    share: float
    """Of the whole."""


class Metric(Fact, table=True):
    """A figure of a version on a dataset with its 95 % interval, or the reason why there is none."""

    __tablename__ = "metric"
    __table_args__ = (
        _of_version(),
        check("known_or_why_not", "(figure IS NULL) <> (why_not IS NULL)"),
        check("interval", "low <= figure AND figure <= high"),
        check("n", "n >= 0"),
        time_ms("registered_ms"),
    )

    model: Key
    version: Key
    dataset_digest: str = Field(primary_key=True, foreign_key="dataset.digest")
    segment: Key
    """Empty for all rows, else `dimension=value`."""
    name: Key
    figure: float | None
    low: float | None
    high: float | None
    n: Bigint
    resolution: float
    why_not: str | None
    registered_ms: Bigint
