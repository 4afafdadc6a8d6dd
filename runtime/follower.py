"""A compacted topic as a mapping that stays current: read to its end, then followed in a thread."""

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import ValidationError

from runtime.clock import Clock
from runtime.errors import OperatorError
from runtime.kafka_errors import next_step
from runtime.settings import KafkaSettings
from schemas.base import Record

R = TypeVar("R", bound=Record)

_log = structlog.get_logger(__name__)
_POLL_S = 0.2
_BATCH = 500
_RETRY_S = 1.0
_METADATA_TIMEOUT_S = 5.0


class FixedFollower(Generic[R]):
    """What a follower offers, of values set by hand: for tests, and the base of the one that reads Kafka."""

    def __init__(self, values: Mapping[str, R] | None = None) -> None:
        self._state: tuple[int, Mapping[str, R]] = (0, MappingProxyType(dict(values or {})))

    @property
    def values(self) -> Mapping[str, R]:
        """Record by key, as of one moment; never changes, ask again for news."""
        return self._state[1]

    @property
    def generation(self) -> int:
        """Rises with every change of `values`."""
        return self._state[0]

    def set(self, values: Mapping[str, R], generation: int | None = None) -> None:
        """Replaces all values; without a generation, it is the next."""
        self._state = (generation or self.generation + 1, MappingProxyType(dict(values)))

    def wait_caught_up(self, timeout_s: float) -> None:
        """Blocks until the end of the topic, as it was at some moment after the start, is reached.

        Raises OperatorError after `timeout_s`.
        """

    def close(self) -> None:
        """Stops following; the values stay."""


class Follower(FixedFollower[R]):
    """Reads the topic from its beginning in a thread of its own, committed records only, without a consumer group.

    The generation is how many offsets were read, so that it names the values to whoever reads a topic of one partition.
    A tombstone deletes. A record that its contract refuses is logged, counted in `invalid` and passed over: the value
    before it stays. While the broker is away the values stay, and reading goes on when it is back.
    """

    def __init__(self, settings: KafkaSettings, topic_name: str, record_model: type[R], clock: Clock) -> None:
        """`topic_name` is the catalogue's. Returns at once."""
        super().__init__()
        self.invalid = 0
        self._settings = settings
        self._topic = settings.topic(topic_name)
        self._model = record_model
        self._clock = clock
        self._next: dict[int, int] = {}
        """Offset to read next, by partition."""
        self._at_end: set[int] = set()
        self._caught_up = threading.Event()
        self._closed = threading.Event()
        self._trouble: KafkaError | None = None
        self._thread = threading.Thread(target=self._run, name=f"follow {self._topic}", daemon=True)
        self._thread.start()

    def wait_caught_up(self, timeout_s: float) -> None:
        """See FixedFollower."""
        if self._caught_up.wait(timeout_s):
            return
        why = "it is long, or the cluster is slow" if self._trouble is None else self._trouble.str()
        step = "wait, or give it more time" if self._trouble is None else next_step(self._trouble)
        raise OperatorError(f"topic {self._topic} was not read to its end within {timeout_s:.0f} s: {why}", step)

    def close(self) -> None:
        """See FixedFollower. Blocks until the thread has ended."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            consumer = Consumer(
                self._settings.client(
                    **{
                        "group.id": self._topic,  # librdkafka wants one; nothing is joined or committed
                        "enable.auto.commit": False,
                        "auto.offset.reset": "earliest",
                        "isolation.level": "read_committed",
                        "enable.partition.eof": True,
                    }
                )
            )
            try:
                self._follow(consumer)
            except KafkaException as error:
                self._note(error.args[0])
                self._closed.wait(_RETRY_S)
            finally:
                consumer.close()

    def _follow(self, consumer: Consumer) -> None:
        metadata = consumer.list_topics(self._topic, timeout=_METADATA_TIMEOUT_S).topics[self._topic]
        if metadata.error:
            raise KafkaException(metadata.error)
        consumer.assign(
            [TopicPartition(self._topic, number, self._next.get(number, 0)) for number in metadata.partitions]
        )
        while not self._closed.is_set():
            self._take(consumer.consume(_BATCH, _POLL_S), len(metadata.partitions))

    def _take(self, messages: Sequence[Any], partitions: int) -> None:
        values: dict[str, R] | None = None
        for message in messages:
            error = message.error()
            if error is None:
                values = dict(self.values) if values is None else values
                self._apply(message, values)
                self._next[message.partition()] = message.offset() + 1
                self._trouble = None
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
                self._at_end.add(message.partition())
            else:
                self._note(error)
        if values is not None:
            self.set(values, sum(self._next.values()))
        if len(self._at_end) == partitions:
            self._caught_up.set()

    def _apply(self, message: Any, values: dict[str, R]) -> None:
        try:
            key = (message.key() or b"").decode()
            if message.value() is None:
                values.pop(key, None)
            else:
                values[key] = self._model.model_validate_json(message.value())
        except (ValidationError, UnicodeDecodeError) as error:
            self.invalid += 1
            where = f"{self._topic}/{message.partition()}@{message.offset()}"
            step = "apply it anew; the value before it holds until then"
            _log.warning("record_refused", where=where, error=str(error), next_step=step)

    def _note(self, error: KafkaError) -> None:
        self._trouble = error
        _log.warning("follower_error", topic=self._topic, error=error.str(), next_step=next_step(error))
