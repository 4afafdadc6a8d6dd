"""Which versions answered, with what share of traffic, from when."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index
from sqlmodel import Field

from runtime.registry.tables.base import Bigint, Fact, Key, check, time_ms


class Deployment(Fact, table=True):
    """A state that serving reached. It lasts until the target's next (epoch, generation) took effect."""

    __tablename__ = "deployment"
    __table_args__ = (
        check("generation", "epoch >= 0 AND generation >= 0"),
        time_ms("from_ms"),
        time_ms("registered_ms"),
    )

    target: Key
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    generation: int = Field(primary_key=True, sa_type=BigInteger)
    command_id: str = Field(unique=True)
    rollout_id: str
    approval_id: str | None = Field(foreign_key="approval.approval_id")
    """Null for a rollback, which needs none."""
    stable_version: str
    actor: str
    from_ms: Bigint
    registered_ms: Bigint


class DeploymentVariant(Fact, table=True):
    """One version's share of a deployment."""

    __tablename__ = "deployment_variant"
    __table_args__ = (
        ForeignKeyConstraint(
            ["target", "epoch", "generation"], ["deployment.target", "deployment.epoch", "deployment.generation"]
        ),
        ForeignKeyConstraint(
            ["model", "version"], ["version.model", "version.version"], name="fk_deployment_variant_version"
        ),
        Index(None, "model", "version"),
        check("weight", "weight_bp BETWEEN 0 AND 10000"),
    )

    target: Key
    epoch: int = Field(primary_key=True, sa_type=BigInteger)
    generation: int = Field(primary_key=True, sa_type=BigInteger)
    model: Key
    version: Key
    mirrored: bool = Field(primary_key=True)
    """It sees a copy of the traffic, and its answers reach nobody."""
    weight_bp: int
    """Basis points."""
    digest: str
    """Of the artifact, as serving names it."""
