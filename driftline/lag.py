"""How far services are behind: the offsets their consumer groups committed, against the ends of the topics."""

from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

from driftline.reading import unreachable
from runtime.admin import end_offsets
from runtime.settings import KafkaSettings
from schemas.topics import TOPICS

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Lag:
    """How many records one consumer group has still to read of one topic."""

    service: str
    topic: str
    records: int


def lags(settings: KafkaSettings) -> list[Lag]:
    """Lag of every group that reads topics of the catalogue. Raises CommandError when Kafka cannot be reached."""
    admin = AdminClient(settings.client())
    catalogue = {settings.topic(name): name for name in TOPICS}
    ends = end_offsets(settings, TOPICS, committed=True)
    try:
        listed = admin.list_consumer_groups(request_timeout=_TIMEOUT_S).result().valid
        groups = [group.group_id for group in listed if group.group_id.startswith(settings.topic_prefix)]
        committed = {group: _committed(admin, group) for group in groups}
    except KafkaException as error:
        raise unreachable(error.args[0].str()) from error
    return [
        Lag(group.removeprefix(settings.topic_prefix), catalogue[topic], behind)
        for group in sorted(committed)
        for topic in sorted({topic for topic, _ in committed[group]} & catalogue.keys())
        for behind in [
            sum(
                max(ends[catalogue[topic]].get(partition, 0) - offset, 0)
                for (name, partition), offset in committed[group].items()
                if name == topic
            )
        ]
    ]


def _committed(admin: AdminClient, group: str) -> dict[tuple[str, int], int]:
    """Offsets by (topic on the cluster, partition); a partition without a commit counts from 0."""
    answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT_S)[
        group
    ].result()
    return {(part.topic, part.partition): max(part.offset, 0) for part in answer.topic_partitions}
