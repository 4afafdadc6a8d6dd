"""All tables: importing this fills METADATA."""

from runtime.registry.tables.base import FIRST_WRITE_HOLDS, METADATA, Fact
from runtime.registry.tables.data import Dataset, DatasetRange
from runtime.registry.tables.log import AuditEntry, AuditHead
from runtime.registry.tables.models import (
    Artifact,
    Environment,
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
from runtime.registry.tables.runs import (
    Announced,
    ApprovalFact,
    Gate,
    GateRule,
    Refusal,
    Run,
    RunJoined,
    RunProduct,
    RunStep,
)
from runtime.registry.tables.serving import Deployment, DeploymentVariant

__all__ = [
    "FIRST_WRITE_HOLDS",
    "METADATA",
    "Announced",
    "ApprovalFact",
    "Artifact",
    "AuditEntry",
    "AuditHead",
    "Dataset",
    "DatasetRange",
    "Deployment",
    "DeploymentVariant",
    "Environment",
    "Fact",
    "Gate",
    "GateRule",
    "Importance",
    "Metric",
    "Model",
    "Package",
    "Parameter",
    "Refusal",
    "Run",
    "RunJoined",
    "RunProduct",
    "RunStep",
    "Seed",
    "Statement",
    "Version",
    "VersionDataset",
]
