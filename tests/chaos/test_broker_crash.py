"""A transaction is whole or not at all, also when the broker is killed while it writes the markers that end one.

Wide transactions make that moment long enough to be met. Brokers that forget the markers of partitions without a
leader (KAFKA-20734, Kafka 4.3.0 and 4.3.1) do not pass; docs/adr/0012 tells what came of it.
"""

import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer

from runtime.admin import create_topics, end_offsets
from runtime.broker import EmbeddedKafka
from runtime.log.kafka_config import producer_config
from runtime.settings import KafkaSettings
from tests.chaos.harness import CLOCK, read

TOPIC = "predictions"
PARTITIONS = 60
KILLED_AFTER_S = (0.008, 0.013, 0.02, 0.03)
"""From the request to commit on: before, amid and after the markers."""
TIMEOUT_S = 30.0


def connect(settings: KafkaSettings) -> Producer:
    """The producer of the only transactional id; ends what its predecessor left."""
    producer = Producer(settings.client(**producer_config("wide")))
    producer.init_transactions(TIMEOUT_S)
    return producer


def begin(producer: Producer, value: bytes) -> None:
    """Opens a transaction that writes `value` to every partition."""
    producer.begin_transaction()
    for partition in range(PARTITIONS):
        producer.produce(TOPIC, value, partition=partition)
    assert producer.flush(TIMEOUT_S) == 0


def commit_in_vain(producer: Producer) -> None:
    """Asks for a commit whose answer may never come."""
    with suppress(KafkaException):
        producer.commit_transaction(1.0)


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.timeout(600)
def test_a_killed_broker_leaves_no_half_transaction(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        settings = broker.settings()
        create_topics(settings, {TOPIC: PARTITIONS}, [TOPIC])
        for delay_s in KILLED_AFTER_S:
            producer = connect(settings)
            begin(producer, b"%g" % delay_s)
            commit = threading.Thread(target=commit_in_vain, args=[producer])
            commit.start()
            CLOCK.sleep(delay_s)
            broker.kill()
            broker.start()
            broker.wait_ready()
            commit.join()
            connect(settings)
            visible = Counter(value for _, _, value in read(settings, TOPIC))
            assert set(visible.values()) <= {PARTITIONS}, f"torn: {visible}"
            assert end_offsets(settings, [TOPIC]) == end_offsets(settings, [TOPIC], committed=True), "left open"
