"""Starts a service's real processes on the test's broker, and reads what they wrote."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer

from runtime.child import spawn
from runtime.clock import SystemClock
from runtime.settings import KafkaSettings
from schemas.base import Record
from schemas.ledger import Ledger
from schemas.window import Window
from tests.chaos.harness import read
from tests.ending import asked_to_end

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120.0
Started = Sequence[subprocess.Popen[bytes]]


@contextmanager
def running(
    settings: KafkaSettings, directory: Path, *processes: str, service: str = "services.drift"
) -> Iterator[Started]:
    """Processes as `fold` or `fold:1` (slot 1); they end by SIGTERM, with exit code 0."""
    path, started = directory / "services.log", list[subprocess.Popen[bytes]]()
    with path.open("ab") as log:
        for process in processes:
            name, _, slot = process.partition(":")
            own = {"DRIFTLINE_SLOT": slot or "0", "DRIFTLINE_DATA_DIR": str(directory / process)}
            environment = os.environ | settings.environment() | own
            started.append(spawn([sys.executable, "-m", service, name], env=environment, cwd=ROOT, output=log))
    try:
        yield started
        asked_to_end(started)
        codes = [process.poll() for process in started]
        assert codes == [0] * len(codes), codes
    except BaseException:
        sys.stdout.write(path.read_text(encoding="utf-8")[-5_000:])
        raise
    finally:
        for process in started:
            process.kill()
            process.wait()


def apply(settings: KafkaSettings, topic: str, key: str, record: Record) -> None:
    """Writes a monitor or baseline."""
    producer = Producer(settings.client())
    producer.produce(settings.topic(topic), record.to_json(), key.encode())
    assert producer.flush(30) == 0


def wait_for(what: Callable[[], bool], of: Started = ()) -> None:
    """Asks again until it holds; fails after PATIENCE_S, and when a process that it is expected of has ended."""
    clock = SystemClock()
    until_s = clock.monotonic() + PATIENCE_S
    while not what():
        assert all(process.poll() is None for process in of), "a process ended before it came about"
        assert clock.monotonic() < until_s, "it did not come about in time"
        clock.sleep(0.2)


def ledger(settings: KafkaSettings) -> list[Ledger]:
    """All accounts."""
    return [Ledger.model_validate_json(value) for _, _, value in read(settings, "ledger")]


def windows(settings: KafkaSettings) -> list[Window]:
    """The newest revision of every window."""
    newest: dict[str, Window] = {}
    for _, _, value in read(settings, "windows"):
        window = Window.model_validate_json(value)
        if window.window_id not in newest or window.revision >= newest[window.window_id].revision:
            newest[window.window_id] = window
    return list(newest.values())
