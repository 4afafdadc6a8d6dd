"""Reading topics and applying to them, on a real Kafka."""

import pytest
from confluent_kafka import Producer

from driftline import publishing, reading
from driftline.errors import CommandError, ExitCode
from driftline.manifests import Manifest
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.windowing import WindowSpec

pytestmark = pytest.mark.kafka


def monitors(*found: Monitor) -> list[Manifest]:
    return [Manifest(source=None, monitor=monitor, baseline=None) for monitor in found]  # type: ignore[arg-type]  # made from loose values


def test_what_is_applied_is_read_back_and_the_same_again_changes_nothing(settings: KafkaSettings) -> None:
    first, second = Monitor(model="a"), Monitor(model="b", windows=(WindowSpec(size=60_000),))
    assert [item.outcome for item in publishing.apply(settings, monitors(first, second))] == ["created", "created"]
    changed = Monitor(model="b", strict=True)
    assert [item.outcome for item in publishing.apply(settings, monitors(first, changed))] == ["unchanged", "changed"]
    assert reading.newest(settings, "monitors", Monitor) == {"a": first, "b": changed}
    assert [entry.record.model for entry in reading.read(settings, "monitors", Monitor)] == ["a", "b", "b"]


def test_tombstones_delete_and_aborted_records_are_not_seen(settings: KafkaSettings) -> None:
    publishing.apply(settings, monitors(Monitor(model="a")))
    producer = Producer(settings.client(**{"transactional.id": settings.topic("test")}))
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(settings.topic("monitors"), Monitor(model="ghost").to_json(), b"ghost")
    producer.flush()
    producer.abort_transaction()
    producer.begin_transaction()
    producer.produce(settings.topic("monitors"), None, b"a")
    producer.commit_transaction()
    assert reading.newest(settings, "monitors", Monitor) == {}


def test_a_record_of_another_kind_is_named_with_its_place(settings: KafkaSettings) -> None:
    producer = Producer(settings.client())
    producer.produce(settings.topic("monitors"), b"{}", b"a")
    producer.flush()
    with pytest.raises(CommandError, match="monitors, partition 0, offset 0 is no Monitor") as raised:
        list(reading.read(settings, "monitors", Monitor))
    assert raised.value.exit_code == ExitCode.PROBLEM


def test_topics_that_are_not_there_are_named(settings: KafkaSettings) -> None:
    elsewhere = settings.model_copy(update={"topic_prefix": "nobody."})
    with pytest.raises(CommandError, match="no topic monitors") as raised:
        reading.newest(elsewhere, "monitors", Monitor)
    assert raised.value.exit_code == ExitCode.KAFKA


def test_a_kafka_that_does_not_answer_is_an_error_with_a_next_step() -> None:
    nobody = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    with pytest.raises(CommandError, match="cannot be reached") as raised:
        reading.Tail(nobody, ["monitors"], timeout_s=1.0)
    assert raised.value.exit_code == ExitCode.KAFKA
    assert raised.value.next_step
