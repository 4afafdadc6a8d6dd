"""What stands on a topic, as tests read it."""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime.settings import KafkaSettings

_METADATA_TIMEOUT_S = 30.0


def committed_records(settings: KafkaSettings, topic: str) -> Iterator[Message]:
    """Every committed record of a topic (its full name), each partition in order and to its end as it is now.

    Raises KafkaException for a topic that is not there, and for whatever librdkafka does not mend by itself.
    """
    reading = {
        "group.id": topic,  # librdkafka wants one; nothing is joined or committed
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 10,  # the end is told by a fetch that finds nothing: the default waits half a second
    }
    with closing(Consumer(settings.client(**reading))) as consumer:
        known = consumer.list_topics(topic, timeout=_METADATA_TIMEOUT_S).topics[topic]
        if known.error is not None:
            raise KafkaException(known.error)
        unread = set(known.partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        while unread:
            for message in consumer.consume(10_000, 0.05):
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    unread.discard(message.partition())  # it may end again, where somebody writes
                elif error.fatal() or not error.retriable():
                    raise KafkaException(error)
