"""Reading topics and applying to them, on a real Kafka."""

import json

import pytest
from confluent_kafka import Producer

from driftline import accounts, history, performance, publishing, reading, retention, status
from driftline.connection import Connection
from driftline.errors import CommandError, ExitCode
from driftline.manifests import Manifest
from runtime.admin import describe, differences
from runtime.settings import KafkaSettings
from schemas.examples import examples
from schemas.monitor import Monitor
from schemas.performance import DAY_MS, Performance
from schemas.topics import TOPICS
from schemas.window import Window
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


def test_a_horizon_beyond_what_is_kept_raises_it_in_both_topics_once(settings: KafkaSettings) -> None:
    patient = Monitor(model="a", performance=Performance(horizon=90 * DAY_MS))
    assert publishing.apply(settings, monitors(Monitor(model="b"))) == [("monitor", "b", "created")]
    *raised, monitor = publishing.apply(settings, monitors(patient))
    late = "late labels find their predictions, and retraining its rows"
    assert raised == [
        ("topic", "predictions", f"kept 181 d from now on, not 15 d: {late}"),
        ("topic", "labels", f"kept 181 d from now on, not 91 d: {late}"),
    ]
    assert monitor == ("monitor", "a", "created")
    for name, state in describe(settings, ("predictions", "labels")).items():
        assert state.config["retention.ms"] == str(181 * DAY_MS), name
        assert [one for one in differences(TOPICS[name], state) if not retention.is_raised(one)] == []
    assert [item.kind for item in publishing.apply(settings, monitors(patient))] == ["monitor"]


def test_windows_of_both_kinds_are_read_by_their_own_readers(settings: KafkaSettings) -> None:
    producer = Producer(settings.client())
    values = examples("windows")
    for value in values:
        producer.produce(settings.topic("windows"), value, json.loads(value)["window_id"].encode())
    producer.flush()
    data = history.windows(settings, history.Choice("flights-delay"), all_revisions=True)
    answers = performance.read(settings, history.Choice("flights-delay"), "prediction_time")
    assert {type(window) for window in data} == {Window}
    assert [window.labelled for window in answers.windows] == [880]
    assert len(answers.every) == 2
    found = status.read(Connection(settings, "a test", None), 0)
    labels = {model.model: model.labels for model in found.models}["flights-delay"]
    assert labels is not None
    assert (labels.metric, labels.value, labels.coverage) == ("accuracy", 0.7807, 0.9628)
    assert accounts.read(settings).labelled[0].n == 880


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
