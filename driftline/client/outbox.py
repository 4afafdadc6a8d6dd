"""The queue between a request and Kafka: librdkafka's own. Nothing here waits for a broker but `flush` and `close`."""

import atexit
import os
import threading
from functools import partial
from typing import Any
from weakref import WeakSet

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from driftline.client.counts import Counts
from runtime.kafka_errors import next_step
from runtime.settings import KafkaSettings

MAX_RECORD_BYTES = 8_388_608  # of topic `predictions`
_POLL_S = 0.1
_PURGE_S = 1.0
_EXIT_S = 5.0
_CONFIG = {
    "partitioner": "murmur2_random",  # as runtime/log/partitioning.py
    "enable.idempotence": True,
    "acks": "all",
    "compression.type": "lz4",
    "linger.ms": 20,
    "message.max.bytes": MAX_RECORD_BYTES,
    "log_level": 0,  # error_cb says once what librdkafka would say several times a second
}
Headers = list[tuple[str, str | bytes | None]]


class _Line:
    """A producer, and the thread that hears what became of its messages."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.producer = Producer(config)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="driftline-client", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stop.is_set():
            self.producer.poll(_POLL_S)

    def close(self, timeout_s: float) -> None:
        """Waits for what is queued; what is left then is reported as failed."""
        if self.producer.flush(timeout_s):
            self.producer.purge()
            self.producer.flush(_PURGE_S)
        self._stop.set()
        self._thread.join()


class Outbox:
    """Sends records and counts what became of them. May be used from any thread, and in children of a fork."""

    def __init__(
        self, settings: KafkaSettings, counts: Counts, *, queue_messages: int, queue_mb: int, patience_s: float
    ) -> None:
        """Raises KafkaException where the settings are of no use to librdkafka."""
        self._counts = counts
        self._config = settings.client(
            **_CONFIG,
            **{
                "queue.buffering.max.messages": queue_messages,
                "queue.buffering.max.kbytes": queue_mb * 1_024,
                "delivery.timeout.ms": round(patience_s * 1_000),
                "error_cb": self._on_error,
            },
        )
        self._lock = threading.Lock()
        self._closed = False
        self._line: _Line | None = None
        self._connect()
        _open.add(self)

    def send(
        self, topic: str, value: bytes, key: bytes, now_ms: int, *, events: int = 1, headers: Headers | None = None
    ) -> None:
        """Queues a record that holds so many events, or counts them as dropped. Never waits, never raises."""
        line = self._line or self._connect()
        if line is None:
            self._counts.dropped(events, "CLOSED", "the client is closed")
            return
        self._counts.queued(events)
        try:
            line.producer.produce(
                topic, value, key, on_delivery=partial(self._on_delivery, events), timestamp=now_ms, headers=headers
            )
        except BufferError:
            self._counts.queued(-events)
            self._counts.dropped(events, "QUEUE_FULL", "Kafka is away or too slow, and the queue is full")
        except KafkaException as failure:
            error = failure.args[0]
            self._counts.queued(-events)
            self._counts.dropped(events, error.name(), f"{error.str()}; {next_step(error)}")
            if error.fatal():
                self._replace(line)

    def flush(self, timeout_s: float) -> int:
        """Waits until nothing is queued, or for the time; returns the events that still are."""
        if (line := self._line) is not None:
            line.producer.flush(timeout_s)
        return self._counts.totals().queued

    def close(self, timeout_s: float) -> None:
        """Waits for what is queued, at most for the time, and gives up what is left. May be called again."""
        with self._lock:
            line, self._line, self._closed = self._line, None, True
        if line is not None:
            line.close(timeout_s)

    def after_fork(self) -> None:
        """In the child: the producer's threads are the parent's, and so is what it had queued."""
        _inherited.append(self._line)
        self._lock = threading.Lock()
        self._line = None
        self._counts.forget()

    def _connect(self) -> _Line | None:
        """The line, made where there is none; None once closed."""
        with self._lock:
            if self._line is None and not self._closed:
                self._line = _Line(self._config)
            return self._line

    def _replace(self, broken: _Line) -> None:
        """After a fatal error of the idempotent producer, which is of no more use."""
        with self._lock:
            if self._line is not broken:
                return
            self._line = None
        threading.Thread(target=broken.close, args=(0,), name="driftline-client-end", daemon=True).start()

    def _on_delivery(self, events: int, error: KafkaError | None, _: Message) -> None:
        if error is None:
            self._counts.sent(events)
        else:
            self._counts.failed(events, error.name(), f"{error.str()}; {next_step(error)}")

    def _on_error(self, error: KafkaError) -> None:
        self._counts.say(error.name(), f"{error.str()}; {next_step(error)}")


_open: WeakSet[Outbox] = WeakSet()
_inherited: list[_Line | None] = []
"""Producers of the parent: destroying one would wait for threads that a child does not have."""


def _after_fork() -> None:
    for outbox in list(_open):
        outbox.after_fork()


def _at_exit() -> None:
    for outbox in list(_open):
        outbox.close(_EXIT_S)


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
