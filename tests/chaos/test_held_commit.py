"""The end of one transaction, arriving late, never decides the next (KAFKA-17754).

```
 transaction 1   records, EndTxn ─held──────────────┐ asked again, committed, producer renewed
 transaction 2                    records ──────────┼─ never ended: aborted by the slot's next process
                                                    └▶ arrives here, and would commit the records of 2
```
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from runtime.admin import create_topics
from runtime.log.kafka_config import consumer_config
from runtime.log.kafka_producer import SlotProducer
from runtime.log.protocol import OutRecord
from runtime.settings import KafkaSettings
from tests.chaos.harness import CLOCK, broker_behind_proxy, read
from tests.chaos.proxy import HOST, Proxy

SOURCE, OUT = "predictions", "ledger"


class DiedError(Exception):
    """Stands for the process that ends amid a transaction."""


def amid(proxy: Proxy) -> Iterator[OutRecord]:
    """A record; then the held request goes out, and the process dies."""
    yield OutRecord(OUT, b"k", b"second")
    CLOCK.sleep(1)  # the record is on its way, and the transaction open
    proxy.release()
    CLOCK.sleep(1)
    raise DiedError


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.timeout(180)
def test_a_held_end_of_a_transaction_does_not_commit_the_next(tmp_path: Path) -> None:
    with broker_behind_proxy(tmp_path / "kafka") as (broker, proxy):
        direct = broker.settings()
        create_topics(direct, {SOURCE: 1}, [SOURCE, OUT])
        proxied = KafkaSettings(bootstrap_servers=f"{HOST}:{proxy.port}")
        consumer = Consumer(proxied.client(**consumer_config("held", "a")))
        offsets = [TopicPartition(SOURCE, 0, 1)]
        producer = SlotProducer(proxied, "held", "a", CLOCK)
        proxy.hold_next()
        producer.transact([OutRecord(OUT, b"k", b"first")], offsets, consumer.consumer_group_metadata())
        assert proxy.held == 1, "the first request to end it never arrived"
        assert producer.renewals == 1, "a commit that took a second request is doubtful"
        with pytest.raises(DiedError):
            producer.transact(amid(proxy), offsets, consumer.consumer_group_metadata())
        assert proxy.held == 0
        SlotProducer(proxied, "held", "a", CLOCK).close()
        consumer.close()
        assert [value for _, _, value in read(direct, OUT)] == [b"first"]
