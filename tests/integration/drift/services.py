"""Starts a service's real processes on the test's broker, and reads what they wrote."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from confluent_kafka import Producer

from runtime.child import spawn
from runtime.clock import SystemClock
from runtime.settings import KafkaSettings
from schemas.base import Record
from schemas.ledger import Ledger
from schemas.window import Window
from tests.chaos.harness import read

ROOT = Path(__file__).parents[3]
PATIENCE_S = 90.0


@contextmanager
def running(
    settings: KafkaSettings, directory: Path, *processes: str, service: str = "services.drift"
) -> Iterator[None]:
    """Processes as `fold` or `fold:1` (slot 1); they end by SIGTERM, with exit code 0."""
    with ExitStack() as stack:
        log = stack.enter_context((directory / "services.log").open("ab"))
        started = []
        for process in processes:
            name, _, slot = process.partition(":")
            own = {"DRIFTLINE_SLOT": slot or "0", "DRIFTLINE_DATA_DIR": str(directory / process)}
            environment = os.environ | settings.environment() | own
            started.append(spawn([sys.executable, "-m", service, name], env=environment, cwd=ROOT, output=log))
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            codes = [process.wait(30) for process in started]
        assert codes == [0] * len(codes), (directory / "services.log").read_text()[-5_000:]


def apply(settings: KafkaSettings, topic: str, key: str, record: Record) -> None:
    """Writes a monitor or baseline."""
    producer = Producer(settings.client())
    producer.produce(settings.topic(topic), record.to_json(), key.encode())
    assert producer.flush(30) == 0


def wait_for(what: Callable[[], bool]) -> None:
    """Asks again until it holds; fails after PATIENCE_S."""
    clock = SystemClock()
    until_s = clock.monotonic() + PATIENCE_S
    while not what():
        assert clock.monotonic() < until_s, "it did not come about in time"
        clock.sleep(0.5)


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
