"""What a stage is given, and what it hands over to be written at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
from sqlmodel import Session

from runtime.clock import Clock
from runtime.registry import Registry, Stamp
from runtime.settings import KafkaSettings
from runtime.watched import Watched
from schemas.model_event import GateResult, Step
from schemas.retraining import RetrainingRequest
from services.retraining.backends.protocol import Backend
from services.retraining.snapshot.plan import Plan
from services.retraining.snapshot.split import unpacked

ARROW = "application/vnd.apache.arrow.file"
JSON = "application/json"
PARTS: Final[tuple[Literal["training", "validation", "holdout"], ...]] = ("training", "validation", "holdout")
"""Of a snapshot; their products are `rows:training` and so on."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What stages work with."""

    kafka: KafkaSettings
    registry: Registry
    watched: Watched
    backend: Backend
    work: Path
    """A folder for each run's jobs; what is in it may be lost."""
    clock: Clock
    code_version: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands: its last step, and what its stages left in the artifact store, digests by name."""

    request: RetrainingRequest
    step: Step
    since_ms: int
    """When the step was taken."""
    products: Mapping[str, str]

    @property
    def run_id(self) -> str:
        """The trigger's."""
        return self.request.trigger_id


@dataclass(frozen=True, slots=True)
class Product:
    """Bytes for the artifact store."""

    data: bytes
    media_type: str = JSON


Gate = Literal["data", "model"]
Write = Callable[[Session, Stamp], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage brought; all of it is written in one transaction, or nothing."""

    products: Mapping[str, Product] = field(default_factory=dict)
    gates: Mapping[Gate, tuple[GateResult, ...]] = field(default_factory=dict)
    """Results by gate."""
    write: Write = lambda *_: None
    """Further facts, before the steps."""
    steps: tuple[tuple[Step, str], ...] = ()
    """Steps taken, each with its detail."""


class RunFailed(Exception):  # noqa: N818  the run's end, not the service's
    """The run cannot go on, and why: it ends as failed."""


Stage = Callable[[Bench, Standing], Made | None]
"""A function of what stands in the registry, so that it may be done again; None where it is not done yet."""


def plan_of(bench: Bench, standing: Standing) -> Plan:
    """What the run is bound to."""
    return Plan.model_validate_json(bench.registry.artifacts.read(standing.products["plan"]))


def rows_of(bench: Bench, standing: Standing, part: str) -> pa.Table:
    """A part of the snapshot."""
    return unpacked(bench.registry.artifacts.read(standing.products[f"rows:{part}"]))


def parts_of(bench: Bench, standing: Standing) -> dict[str, pa.Table]:
    """All parts of the snapshot."""
    return {part: rows_of(bench, standing, part) for part in PARTS}
