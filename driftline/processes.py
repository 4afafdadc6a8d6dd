"""The process table: every service `driftline up` starts, and what each is told by its environment."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from driftline.connection import ServiceState
from runtime.broker.ports import HOST, free_port


@dataclass(frozen=True, slots=True)
class Service:
    """One program; with `scales` it runs once a worker, each in a slot of its own."""

    name: str
    module: tuple[str, ...]
    """Module and arguments after `python -m`."""
    scales: bool = False


SERVICES = (
    Service("drift-fold", ("services.drift", "fold"), scales=True),
    Service("drift-windows", ("services.drift", "windows")),
    Service("performance-join", ("services.performance", "join"), scales=True),
    Service("performance-windows", ("services.performance", "windows")),
    Service("triggers", ("services.triggers",)),
    Service("retraining", ("services.retraining",)),
)


@dataclass(frozen=True, slots=True)
class Process:
    """One process to run."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    """Added to the environment of this process."""
    state: ServiceState


def processes(data_dir: Path, workers: int, shared: Mapping[str, str]) -> list[Process]:
    """Every process, with `workers` slots of those that scale. `shared` are the variables of Kafka and the registry."""
    return [
        _process(service, slot, data_dir, shared)
        for service in SERVICES
        for slot in range(workers if service.scales else 1)
    ]


def _process(service: Service, slot: int, data_dir: Path, shared: Mapping[str, str]) -> Process:
    name = f"{service.name}-{slot}" if service.scales else service.name
    port = free_port()
    own = {
        "DRIFTLINE_SLOT": str(slot),
        "DRIFTLINE_DATA_DIR": str(data_dir / "state" / name),
        "DRIFTLINE_METRICS_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    state = ServiceState(log=str(data_dir / "log" / f"{name}.log"), metrics=f"http://{HOST}:{port}")
    return Process(name, (sys.executable, "-m", *service.module), {**shared, **own}, state)
