"""Topics on a real broker, made from the catalogue."""

from dataclasses import replace

import pytest
from confluent_kafka import Producer

from runtime.admin import (
    create_topics,
    delete_topics,
    describe,
    differences,
    end_offsets,
    start_offsets,
    topic_ids,
)
from runtime.errors import OperatorError
from runtime.settings import KafkaSettings
from schemas.topics import TOPICS


def test_every_topic_of_the_catalogue_is_made_as_the_catalogue_has_it(settings: KafkaSettings) -> None:
    states = describe(settings, TOPICS)
    assert {name: state.partitions for name, state in states.items()} == {
        name: topic.partitions for name, topic in TOPICS.items()
    }
    assert [str(one) for name, topic in TOPICS.items() for one in differences(topic, states[name])] == []


def test_making_topics_again_changes_nothing(settings: KafkaSettings) -> None:
    before = topic_ids(settings, TOPICS)
    assert create_topics(settings) == ()
    assert topic_ids(settings, TOPICS) == before


def test_a_topic_that_differs_is_left_alone_and_reported(settings: KafkaSettings) -> None:
    (difference,) = create_topics(settings, {"labels": 7}, names=["labels"])
    assert (difference.setting, difference.wanted, difference.found) == ("partitions", "7", "4")
    assert "partitions can only be added" in str(difference)
    other = replace(TOPICS["labels"], retention_ms=1)
    assert [one.setting for one in differences(other, describe(settings, ["labels"])["labels"])] == ["retention.ms"]


def test_partitions_can_be_chosen_for_new_topics(settings: KafkaSettings) -> None:
    own = settings.model_copy(update={"topic_prefix": settings.topic_prefix + "wide."})
    create_topics(own, {"predictions": 6}, names=["predictions"])
    assert describe(own, ["predictions"])["predictions"].partitions == 6
    delete_topics(own, ["predictions"])


def test_a_topic_made_anew_has_another_id(settings: KafkaSettings) -> None:
    before = topic_ids(settings, ["alerts"])
    delete_topics(settings, ["alerts"])
    create_topics(settings, names=["alerts"])
    assert topic_ids(settings, ["alerts"]) != before


def test_end_offsets_count_what_was_written_and_committed_ones_stop_at_an_open_transaction(
    settings: KafkaSettings,
) -> None:
    producer = Producer(settings.client(**{"transactional.id": settings.topic("ends")}))
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(settings.topic("labels"), b"one", partition=2)
    producer.flush(10)
    assert end_offsets(settings, ["labels"]) == {"labels": {0: 0, 1: 0, 2: 1, 3: 0}}
    assert end_offsets(settings, ["labels"], committed=True)["labels"][2] == 0
    producer.commit_transaction(10)
    assert start_offsets(settings, ["labels"])["labels"][2] == 0


def test_a_missing_topic_is_named(settings: KafkaSettings) -> None:
    delete_topics(settings, ["approvals"])
    with pytest.raises(OperatorError, match=r"describe topic t\d+\.approvals"):
        topic_ids(settings, ["approvals"])
