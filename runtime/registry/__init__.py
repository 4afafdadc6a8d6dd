"""The registry: what is known of models, their versions, data, runs, decisions and traffic. See docs/adr/0019."""

from runtime.registry.artifacts import ArtifactStore, Blob
from runtime.registry.card import Card, card_of
from runtime.registry.card_markdown import markdown
from runtime.registry.deployments import Serving, record_deployment, serving_of
from runtime.registry.errors import ArtifactDamaged, Conflict, NotRegistered, RegistryError
from runtime.registry.facts import Stamp
from runtime.registry.lineage import Lineage, lineage_of, models_of
from runtime.registry.registering import (
    Candidate,
    Origin,
    record_metrics,
    register_candidate,
    register_dataset,
    state,
)
from runtime.registry.registry import Registry
from runtime.registry.runs import (
    advance_run,
    open_run,
    record_approval,
    record_gate,
    steps_of,
    unfinished_runs,
)
from runtime.registry.settings import RegistrySettings

__all__ = [
    "ArtifactDamaged",
    "ArtifactStore",
    "Blob",
    "Candidate",
    "Card",
    "Conflict",
    "Lineage",
    "NotRegistered",
    "Origin",
    "Registry",
    "RegistryError",
    "RegistrySettings",
    "Serving",
    "Stamp",
    "advance_run",
    "card_of",
    "lineage_of",
    "markdown",
    "models_of",
    "open_run",
    "record_approval",
    "record_deployment",
    "record_gate",
    "record_metrics",
    "register_candidate",
    "register_dataset",
    "serving_of",
    "state",
    "steps_of",
    "unfinished_runs",
]
