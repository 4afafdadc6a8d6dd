"""The registry: what is known of models, their versions, data, runs, decisions and traffic. See docs/adr/0019."""

from runtime.registry.announcing import announce, unannounced
from runtime.registry.artifacts import ArtifactStore, Blob
from runtime.registry.card import Card, card_of
from runtime.registry.card_markdown import markdown
from runtime.registry.deciding import objection, record_approval, record_refusal, requesters_of
from runtime.registry.deployments import Serving, record_deployment, serving_of
from runtime.registry.errors import ArtifactDamaged, Conflict, NotRegistered, RegistryError
from runtime.registry.facts import Stamp
from runtime.registry.lineage import Lineage, lineage_of, models_of
from runtime.registry.products import products_of, record_product
from runtime.registry.registering import (
    Candidate,
    Origin,
    record_metrics,
    register_candidate,
    register_dataset,
    state,
)
from runtime.registry.registry import Registry
from runtime.registry.run_view import RunView, run_view, runs_of
from runtime.registry.runs import (
    advance_run,
    join_run,
    open_run,
    record_gate,
    run_of,
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
    "RunView",
    "Serving",
    "Stamp",
    "advance_run",
    "announce",
    "card_of",
    "join_run",
    "lineage_of",
    "markdown",
    "models_of",
    "objection",
    "open_run",
    "products_of",
    "record_approval",
    "record_deployment",
    "record_gate",
    "record_metrics",
    "record_product",
    "record_refusal",
    "register_candidate",
    "register_dataset",
    "requesters_of",
    "run_of",
    "run_view",
    "runs_of",
    "serving_of",
    "state",
    "steps_of",
    "unannounced",
    "unfinished_runs",
]
