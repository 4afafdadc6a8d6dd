"""Sends events as time passes, many times faster; in a thread of its own, so that nothing waits for it."""

import threading
from collections import Counter
from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from driftline.demo.events import Event
from runtime.clock import Clock
from runtime.settings import KafkaSettings

_FLUSH_S = 30.0
_PRODUCER = {
    "partitioner": "murmur2_random",  # as all keyed records are placed
    "linger.ms": 20,
    "compression.type": "lz4",
    "enable.idempotence": True,
}
_LOOK_EVERY = 200
_PATIENCE_S = 0.005  # shorter waits are saved up: sleeping so briefly costs more than it spaces


class Replay:
    """A producer of events at their times. Start it, watch its counters, stop it at any time."""

    def __init__(self, settings: KafkaSettings, events: Iterable[Event], speed: float, clock: Clock) -> None:
        """`speed` is event time over wall time; infinite sends as fast as Kafka takes them."""
        self._topics = {name: settings.topic(name) for name in ("predictions", "labels")}
        self._events = events
        self._speed = speed
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)
        self._settings = settings.client(**_PRODUCER)
        self._acknowledged: Counter[str] = Counter()
        """Events, by the topic's full name."""
        self.time_ms: int | None = None
        """Time of the event sent last."""
        self.error: str | None = None
        """Why it ended early."""

    @property
    def sent(self) -> int:
        """Predictions acknowledged by Kafka."""
        return self._acknowledged[self._topics["predictions"]]

    @property
    def sent_labels(self) -> int:
        """Labels acknowledged by Kafka."""
        return self._acknowledged[self._topics["labels"]]

    @property
    def done(self) -> bool:
        """Whether it has ended: all sent, stopped, or failed."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends it and waits until Kafka has what was sent."""
        self._stop.set()
        self._thread.join(_FLUSH_S)

    def _run(self) -> None:
        producer = Producer(self._settings)
        try:
            self._send(producer)
        except Exception as error:  # noqa: BLE001  told by `error`: a thread has nobody to raise to
            self.error = f"{type(error).__name__}: {error}"
        finally:
            left = producer.flush(_FLUSH_S)
            if left and self.error is None:
                self.error = f"Kafka did not take {left} events within {_FLUSH_S:.0f} s"

    def _send(self, producer: Producer) -> None:
        began_s, first_ms = self._clock.monotonic(), None
        for number, event in enumerate(self._events):
            first_ms = event.time_ms if first_ms is None else first_ms
            due_s = began_s + (event.time_ms - first_ms) / 1_000 / self._speed
            ahead_s = due_s - self._clock.monotonic()
            if ahead_s > _PATIENCE_S or number % _LOOK_EVERY == 0:
                producer.poll(0)
                if self._stop.wait(max(ahead_s, 0)):
                    return
            self._produce(producer, event)
            self.time_ms = event.time_ms

    def _produce(self, producer: Producer, event: Event) -> None:
        while True:
            try:
                producer.produce(self._topics[event.topic], event.value, event.key, on_delivery=self._delivered)
            except BufferError:
                producer.poll(0.1)
            else:
                return

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._acknowledged[str(message.topic())] += 1
        elif self.error is None:
            self.error = error.str()
            self._stop.set()
