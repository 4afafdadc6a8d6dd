"""One backend of the transactional log after the other, with what tests need around it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.admin import create_topics, delete_topics
from runtime.log.kafka import KafkaLog
from runtime.log.memory import MemoryBroker, MemoryLog
from runtime.log.protocol import Message, OutRecord, TransactionalLog
from runtime.settings import KafkaSettings

SOURCE = "predictions"
PARTITIONS = 4


class Backend(Protocol):
    """A broker that is empty at first, with the catalogue's topics."""

    def log(self, slot: str = "a", group: str = "fold", topic: str = SOURCE) -> TransactionalLog: ...

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None: ...

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool) -> None: ...

    def read(self, topic: str) -> list[Message]: ...

    def delete_records(self, partition: int, before: int) -> None: ...

    def make_anew(self) -> None: ...

    def delete_topic(self) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self._broker = MemoryBroker()

    def log(self, slot: str = "a", group: str = "fold", topic: str = SOURCE) -> TransactionalLog:
        return MemoryLog(self._broker, group, slot, topic)

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self._broker.produce(SOURCE, value, key=key, partition=partition, headers=headers)

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool) -> None:
        records = [OutRecord(SOURCE, None, value, partition) for value in values]
        self._broker.transact(records, commit=commit)

    def read(self, topic: str) -> list[Message]:
        return list(self._broker.read(topic))

    def delete_records(self, partition: int, before: int) -> None:
        self._broker.delete_records(SOURCE, partition, before)

    def make_anew(self) -> None:
        self._broker.delete_topic(SOURCE)
        self._broker.create_topic(SOURCE, PARTITIONS)

    def delete_topic(self) -> None:
        self._broker.delete_topic(SOURCE)


class OnKafka:
    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._logs: list[KafkaLog] = []

    def log(self, slot: str = "a", group: str = "fold", topic: str = SOURCE) -> TransactionalLog:
        log = KafkaLog(self._settings, group, slot, topic)
        self._logs.append(log)
        return log

    def produce(
        self,
        value: bytes | None,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        producer = Producer(self._settings.client())
        where = {} if partition is None else {"partition": partition}
        producer.produce(self._settings.topic(SOURCE), value, key, headers=list(headers), **where)
        assert producer.flush(10) == 0

    def transact(self, partition: int, values: Iterable[bytes], *, commit: bool) -> None:
        producer = Producer(self._settings.client(**{"transactional.id": self._settings.topic("source")}))
        producer.init_transactions(10)
        producer.begin_transaction()
        for value in values:
            producer.produce(self._settings.topic(SOURCE), value, partition=partition)
        producer.flush(10)  # an aborted record is on the broker, too
        if commit:
            producer.commit_transaction(10)
        else:
            producer.abort_transaction(10)

    def read(self, topic: str) -> list[Message]:
        name = self._settings.topic(topic)
        more = {"group.id": name, "isolation.level": "read_committed", "enable.partition.eof": True}
        consumer = Consumer(self._settings.client(**more))
        partitions = list(consumer.list_topics(name, 10).topics[name].partitions)
        consumer.assign([TopicPartition(name, partition, 0) for partition in partitions])
        found, open_ends = [], len(partitions)
        while open_ends:
            for message in consumer.consume(1_000, 0.1):
                if message.error() is None:
                    found.append(message)
                else:
                    open_ends -= 1
        consumer.close()
        return sorted(found, key=lambda message: (message.partition(), message.offset()))

    def delete_records(self, partition: int, before: int) -> None:
        place = TopicPartition(self._settings.topic(SOURCE), partition, before)
        admin = AdminClient(self._settings.client())
        for future in admin.delete_records([place]).values():
            future.result(10)

    def make_anew(self) -> None:
        self.delete_topic()
        create_topics(self._settings, names=[SOURCE])

    def delete_topic(self) -> None:
        delete_topics(self._settings, [SOURCE])

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
