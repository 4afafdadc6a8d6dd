"""Rules that hold for every topic of the catalogue."""

import re

import pytest

from schemas.profile import Mark
from schemas.topics import DAY_MS, TOPICS, Topic

STATE = {"monitors", "baselines", "windows", "alerts", "rollout.desired", "retraining.controls"}
"""Topics of which the newest record of a key is the truth."""

MARKED = {"profiles", "outcomes"}
"""Topics of partial sums, which marks of their sources go to."""

each_topic = pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)


def test_predictions_and_labels_are_partitioned_alike() -> None:
    predictions, labels = TOPICS["predictions"], TOPICS["labels"]
    assert (predictions.key, predictions.partitions) == (labels.key, labels.partitions)


@each_topic
def test_a_topic_has_producers_consumers_values_and_a_sentence(topic: Topic) -> None:
    assert topic.producers
    assert topic.consumers
    assert topic.values
    assert topic.doc.endswith(".")


@each_topic
def test_a_topic_name_is_legal_and_stays_so_with_a_prefix(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+([.-][a-z]+)*", topic.name)
    assert TOPICS[topic.name] is topic


def test_names_that_kafka_s_metrics_would_confuse_are_not_used_together() -> None:
    assert len({re.sub(r"[._]", "_", name) for name in TOPICS}) == len(TOPICS)


@each_topic
def test_state_is_compacted_and_history_is_not(topic: Topic) -> None:
    assert topic.config["cleanup.policy"] in {"delete", "compact", "compact,delete"}
    assert ("compact" in topic.cleanup) == (topic.name in STATE)


@each_topic
def test_retention_is_at_least_the_week_an_audit_reads_back(topic: Topic) -> None:
    assert int(topic.config["retention.ms"]) >= 7 * DAY_MS


@each_topic
def test_a_record_type_belongs_to_one_topic_but_marks_go_with_partial_sums(topic: Topic) -> None:
    own = set(topic.values) - {Mark}
    assert not [other.name for other in TOPICS.values() if other is not topic and set(other.values) & own]
    assert (Mark in topic.values) == (topic.name in MARKED)


def test_every_value_names_its_own_schema_and_version() -> None:
    values = {value for topic in TOPICS.values() for value in topic.values}
    names = [value.model_fields["schema_"].annotation.__args__ for value in values]
    assert all(re.fullmatch(r"driftline\.[a-z-]+/1", name) for (name,) in names)
    assert len(set(names)) == len(names)


def test_services_that_are_only_readers_or_writers_are_known() -> None:
    """A misspelt service would stand alone at one end of the graph."""
    writers = {service for topic in TOPICS.values() for service in topic.producers}
    readers = {service for topic in TOPICS.values() for service in topic.consumers}
    assert writers - readers == {"producers", "ingest"}
    assert readers - writers == {"archive", "notify"}
