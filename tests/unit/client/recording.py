"""A client whose records are kept instead of sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry

from driftline.client import Client
from runtime.clock import ManualClock
from runtime.log.memory_broker import MemoryMessage
from runtime.settings import KafkaSettings
from tests.unit.decode.events import NOW_MS

NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:1")


def client(model: str = "churn", version: str = "1", **options: Any) -> Client:
    """A client of a Kafka that is not there."""
    options = {"registry": CollectorRegistry(), "clock": ManualClock(NOW_MS)} | options
    return Client(model, version, settings=NOWHERE, **options)


class Kept:
    """What stands where the outbox was."""

    def __init__(self) -> None:
        self.records: list[MemoryMessage] = []

    def send(self, topic: str, value: bytes, key: bytes, now_ms: int, **more: Any) -> None:
        headers = more.get("headers") or ()
        self.records.append(
            MemoryMessage(value, key=key, topic=topic, timestamp_ms=now_ms, offset=len(self.records), headers=headers)
        )


@cache
def _quiet(model: str) -> Client:
    """A producer takes a while to start and to end; nothing is ever given to this one."""
    made = client(model)
    made.close(0)
    return made


@contextmanager
def recording(model: str = "churn") -> Iterator[tuple[Client, Kept]]:
    """A client that has counted nothing yet, and the records it makes."""
    made, kept = _quiet(model), Kept()
    made._outbox = kept
    made._counts.forget()
    yield made, kept
