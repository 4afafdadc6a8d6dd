"""What every service process has: a slot, a data directory, logs, metrics and health."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime import logs
from runtime.clock import Clock
from runtime.health import Health, HealthServer
from runtime.metrics import Metrics

_log = structlog.get_logger(__name__)


class ProcessSettings(BaseSettings):
    """Each from the environment variable DRIFTLINE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="DRIFTLINE_", frozen=True, extra="ignore")

    slot: str = "0"
    """Names this process within its group, the same after every restart; two processes must not share one."""
    data_dir: Path = Path(".driftline")
    """Working files; made when missing, and nothing in it is needed again."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65_535)
    """Of /metrics, /healthz and /readyz; 0 takes a free one."""


@dataclass(frozen=True, slots=True)
class Instruments:
    """How a process is watched itself."""

    metrics: Metrics
    health: Health


@contextmanager
def instrumented(service: str, settings: ProcessSettings, clock: Clock) -> Iterator[Instruments]:
    """Logs are set up and metrics and health served while the body runs."""
    logs.configure(service, settings.slot, clock=clock)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    instruments = Instruments(Metrics(service), Health(clock))
    server = HealthServer(instruments.metrics, instruments.health, settings.metrics_port, settings.metrics_host)
    with server:
        _log.info("started", metrics=f"http://{settings.metrics_host}:{server.port}/metrics")
        yield instruments
