"""Structured logs on stderr: JSON for machines, columns for a person at a terminal; secrets never."""

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import structlog
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime.clock import Clock, SystemClock

REDACTED = "**redacted**"
_SECRET_KEY = re.compile(r"passw|secret|token|authorization|api_?key|credential|private_key", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


class LogSettings(BaseSettings):
    """Each from the environment variable DRIFTLINE_LOG_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="DRIFTLINE_LOG_", frozen=True, extra="ignore")

    format: Literal["auto", "json", "console"] = "auto"
    """`auto`: console at a terminal, else JSON."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO")


def configure(
    service: str,
    slot: str = "",
    *,
    settings: LogSettings | None = None,
    stream: TextIO | None = None,
    clock: Clock | None = None,
) -> None:
    """Sets up structlog and the standard library's logging, with service and slot on every line. Call it once."""
    chosen, stream = settings or LogSettings(), stream or sys.stderr
    console = chosen.format == "console" or (chosen.format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _identity(service, slot),
        _timestamp(clock or SystemClock()),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
        if console
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(chosen.level)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replaces values under telling keys, SecretStr anywhere, and users in URLs."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if key == "exc_info":
        return value
    if isinstance(value, SecretStr) or (_SECRET_KEY.search(key) and isinstance(value, str | bytes)):
        return REDACTED
    if isinstance(value, str):
        return _USER_IN_URL.sub(f"{REDACTED}@", value)
    if isinstance(value, dict):
        return {name: _redacted(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, one) for one in value]
    return value


def _identity(service: str, slot: str) -> Processor:
    named = {"service": service, "slot": slot} if slot else {"service": service}

    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {**named, **event}

    return add


def _timestamp(clock: Clock) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        now = datetime.fromtimestamp(clock.wall_ms() / 1_000, UTC)
        return {"timestamp": now.isoformat(timespec="milliseconds"), **event}

    return add
