"""One backend of the transactional log after the other, with what tests need around it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.admin import create_topics, delete_topics
from runtime.clock import Clock
from runtime.log.kafka import KafkaLog
from runtime.log.memory import MemoryBroker, MemoryLog
from runtime.log.protocol import Message, OutRecord, TransactionalLog
from runtime.log.replay import KafkaReplay, MemoryReplay, Replay
from runtime.settings import KafkaSettings
from tests.on_kafka import committed_records

SOURCE = "predictions"
PARTITIONS = 4


class Backend(Protocol):
    """A broker that is empty at first, with the catalogue's topics."""

    def log(self, slot: str = "a", group: str = "fold", topics: str | Sequence[str] = SOURCE) -> TransactionalLog: ...

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        topic: str = SOURCE,
    ) -> None: ...

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool, topic: str = SOURCE) -> None: ...

    def read(self, topic: str) -> list[Message]: ...

    def delete_records(self, partition: int, before: int, topic: str = SOURCE) -> None: ...

    def make_anew(self, topic: str = SOURCE, partitions: int = PARTITIONS) -> None: ...

    def delete_topic(self) -> None: ...

    def replay(self, clock: Clock | None = None) -> Replay: ...


class InMemory:
    def __init__(self) -> None:
        self._broker = MemoryBroker()

    def log(self, slot: str = "a", group: str = "fold", topics: str | Sequence[str] = SOURCE) -> TransactionalLog:
        return MemoryLog(self._broker, group, slot, topics)

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        topic: str = SOURCE,
    ) -> None:
        self._broker.produce(topic, value, key=key, partition=partition, headers=headers)

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool, topic: str = SOURCE) -> None:
        records = [OutRecord(topic, None, value, partition) for value in values]
        self._broker.transact(records, commit=commit)

    def read(self, topic: str) -> list[Message]:
        return list(self._broker.read(topic))

    def delete_records(self, partition: int, before: int, topic: str = SOURCE) -> None:
        self._broker.delete_records(topic, partition, before)

    def make_anew(self, topic: str = SOURCE, partitions: int = PARTITIONS) -> None:
        self._broker.delete_topic(topic)
        self._broker.create_topic(topic, partitions)

    def delete_topic(self) -> None:
        self._broker.delete_topic(SOURCE)

    def replay(self, clock: Clock | None = None) -> Replay:  # noqa: ARG002  in memory nothing is waited for
        return MemoryReplay(self._broker)


class OnKafka:
    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._logs: list[KafkaLog] = []
        self._producer = Producer(settings.client())

    def log(self, slot: str = "a", group: str = "fold", topics: str | Sequence[str] = SOURCE) -> TransactionalLog:
        log = KafkaLog(self._settings, group, slot, topics)
        self._logs.append(log)
        return log

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        topic: str = SOURCE,
    ) -> None:
        where = {} if partition is None else {"partition": partition}
        self._producer.produce(self._settings.topic(topic), value, key, headers=list(headers), **where)
        assert self._producer.flush(10) == 0

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool, topic: str = SOURCE) -> None:
        producer = Producer(self._settings.client(**{"transactional.id": self._settings.topic("source")}))
        producer.init_transactions(10)
        producer.begin_transaction()
        for value in values:
            producer.produce(self._settings.topic(topic), value, partition=partition)
        producer.flush(10)  # an aborted record is on the broker, too
        if commit:
            producer.commit_transaction(10)
        else:
            producer.abort_transaction(10)

    def read(self, topic: str) -> list[Message]:
        found = committed_records(self._settings, self._settings.topic(topic))
        return sorted(found, key=lambda message: (message.partition(), message.offset()))

    def delete_records(self, partition: int, before: int, topic: str = SOURCE) -> None:
        place = TopicPartition(self._settings.topic(topic), partition, before)
        admin = AdminClient(self._settings.client())
        for future in admin.delete_records([place]).values():
            future.result(10)

    def make_anew(self, topic: str = SOURCE, partitions: int = PARTITIONS) -> None:
        delete_topics(self._settings, [topic])
        create_topics(self._settings, {topic: partitions}, names=[topic])
        self._producer = Producer(self._settings.client())  # the old one knows the old topic

    def delete_topic(self) -> None:
        delete_topics(self._settings, [SOURCE])

    def replay(self, clock: Clock | None = None) -> Replay:
        return KafkaReplay(self._settings, clock)

    def close(self) -> None:
        for log in self._logs:
            log.close()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        yield InMemory()
        return
    kafka = OnKafka(request.getfixturevalue("settings"))
    yield kafka
    kafka.close()
