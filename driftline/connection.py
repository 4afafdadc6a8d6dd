"""Finds the Kafka that commands speak to: a running `driftline up` or demo of this folder, else the environment's."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from driftline.errors import CommandError, ExitCode
from runtime.settings import KafkaSettings

STATE_FILE = "running.json"


class ServiceState(BaseModel):
    """Where one started service is."""

    model_config = ConfigDict(frozen=True)

    log: str
    """Its log file."""
    metrics: str | None
    """Where its metrics and health are served."""


class RunState(BaseModel):
    """What a running `driftline up` or demo tells other commands; a file in its data directory."""

    model_config = ConfigDict(frozen=True)

    pid: int
    bootstrap_servers: str
    topic_prefix: str
    services: dict[str, ServiceState]


@dataclass(frozen=True, slots=True)
class Connection:
    """A Kafka, how it was found, and what runs beside it."""

    settings: KafkaSettings
    found_in: str
    running: RunState | None


def write_state(data_dir: Path, state: RunState) -> None:
    """Lets other commands find this process."""
    (data_dir / STATE_FILE).write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")


def remove_state(data_dir: Path) -> None:
    """Takes back `write_state`."""
    (data_dir / STATE_FILE).unlink(missing_ok=True)


def running(data_dir: Path) -> tuple[Path, RunState] | None:
    """The state of the process that runs in this data directory or its `demo` folder, unless it has ended."""
    for path in (data_dir / STATE_FILE, data_dir / "demo" / STATE_FILE):
        try:
            state = RunState.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            continue
        except ValidationError as error:
            raise CommandError(f"{path} is damaged.", "delete it and start `driftline up` again") from error
        if alive(state.pid):
            return path, state
    return None


def find(data_dir: Path) -> Connection:
    """The connection of a running `up` or demo, else of KAFKA_BOOTSTRAP_SERVERS. Raises CommandError without either."""
    found = running(data_dir)
    if found is not None:
        path, state = found
        settings = from_environment(bootstrap_servers=state.bootstrap_servers, topic_prefix=state.topic_prefix)
        return Connection(settings, str(path), state)
    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return Connection(from_environment(), "KAFKA_BOOTSTRAP_SERVERS", None)
    raise CommandError(
        f"No Kafka: nothing runs in {data_dir}, and KAFKA_BOOTSTRAP_SERVERS is not set.",
        "start one with `driftline up`, name its --data-dir, or set KAFKA_BOOTSTRAP_SERVERS",
        ExitCode.KAFKA,
    )


def from_environment(**override: Any) -> KafkaSettings:
    """Settings from the environment, with fields overridden. Raises CommandError naming the variable at fault."""
    try:
        return KafkaSettings(**override)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in problem["loc"])
        why = problem["msg"].removeprefix("Value error, ")
        raise CommandError(
            f"The Kafka settings are not usable: {name + ': ' if name else ''}{why}.",
            "mend the KAFKA_… and DRIFTLINE_… variables of the environment",
        ) from error


def alive(pid: int) -> bool:
    """Whether a process of this id is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
