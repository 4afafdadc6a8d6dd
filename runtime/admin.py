"""Topics on the cluster: made from the catalogue, compared with it. Names are the catalogue's."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not declared so
    AdminClient,
    ConfigResource,
    NewTopic,
    OffsetSpec,
)

from runtime.clock import Clock, SystemClock
from runtime.errors import OperatorError
from runtime.kafka_errors import is_refusal, next_step
from runtime.settings import KafkaSettings
from schemas.topics import TOPICS, Topic

_TIMEOUT_S = 30.0
_NO_LEADER_YET = frozenset((KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE))
_POLL_S = 0.05
_LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client has no types for it
_EARLIEST: Any = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # likewise


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is on the cluster."""

    name: str
    topic_id: str
    """A topic deleted and made anew has another."""
    partitions: int
    config: Mapping[str, str]
    """Of the settings in `Topic.config`, those in force."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a topic on the cluster is not as the catalogue has it. Nothing is changed for it."""

    topic: str
    setting: str
    wanted: str
    found: str

    def __str__(self) -> str:
        step = (
            "partitions can only be added, and adding moves keys: keep them, or make the topic anew"
            if self.setting == "partitions"
            else "change it with kafka-configs, or keep it if it is meant"
        )
        return f"topic {self.topic}: {self.setting} is {self.found}, the catalogue has {self.wanted} ({step})"


def create_topics(
    settings: KafkaSettings,
    partitions_override: Mapping[str, int] | None = None,
    names: Iterable[str] | None = None,
    clock: Clock | None = None,
) -> tuple[Difference, ...]:
    """Makes the topics that are missing (all of the catalogue, or `names`) and waits until they have leaders.

    Existing topics are left as they are; what differs about them is returned. Raises OperatorError when the
    cluster does not answer or refuses.
    """
    cluster = _Cluster(settings, clock)
    topics = [_with_partitions(TOPICS[name], partitions_override or {}) for name in names or TOPICS]
    replicas = settings.replication_factor
    new = [NewTopic(settings.topic(topic.name), topic.partitions, replicas, config=topic.config) for topic in topics]
    answers = cluster.admin.create_topics(new, operation_timeout=_TIMEOUT_S, request_timeout=_TIMEOUT_S)
    for name, future in answers.items():
        cluster.answer(f"create topic {name}", future, unless=KafkaError.TOPIC_ALREADY_EXISTS)
    wanted = {settings.topic(topic.name) for topic in topics}
    cluster.wait_until(
        lambda seen: all(name in seen and _has_leaders(seen[name]) for name in wanted),
        "topics were made, but have no leaders",
    )
    found = describe(settings, [topic.name for topic in topics])
    return tuple(difference for topic in topics for difference in differences(topic, found[topic.name]))


def differences(topic: Topic, state: TopicState) -> list[Difference]:
    """What is not as the catalogue has it, partitions first."""
    wanted = {"partitions": str(topic.partitions), **topic.config}
    found = {"partitions": str(state.partitions), **state.config}
    return [
        Difference(topic.name, setting, value, found.get(setting, "not set"))
        for setting, value in wanted.items()
        if _normal(found.get(setting)) != _normal(value)
    ]


def topic_ids(settings: KafkaSettings, names: Iterable[str]) -> dict[str, str]:
    """The broker's id of each topic; raises OperatorError for one that does not exist."""
    return {name: str(topic.topic_id) for name, topic in _Cluster(settings).topics(names).items()}


def describe(settings: KafkaSettings, names: Iterable[str]) -> dict[str, TopicState]:
    """Each topic as it is on the cluster; raises OperatorError for one that does not exist."""
    cluster = _Cluster(settings)
    topics = cluster.topics(names)
    kind = ConfigResource.Type.TOPIC
    resources = {name: ConfigResource(kind, settings.topic(name)) for name in topics}
    answers = cluster.admin.describe_configs(list(resources.values()), request_timeout=_TIMEOUT_S)
    states = {}
    for name, topic in topics.items():
        entries = cluster.answer(f"read the configuration of {topic.name}", answers[resources[name]])
        config = {key: entries[key].value for key in TOPICS[name].config if key in entries}
        states[name] = TopicState(name, str(topic.topic_id), len(topic.partitions), config)
    return states


def end_offsets(settings: KafkaSettings, names: Iterable[str], *, committed: bool = False) -> dict[str, dict[int, int]]:
    """By topic and partition, the offset the next record will have.

    With `committed`, the one that read_committed consumers reach: the first open transaction's.
    """
    return _Cluster(settings).offsets(names, _LATEST, committed=committed)


def start_offsets(settings: KafkaSettings, names: Iterable[str]) -> dict[str, dict[int, int]]:
    """By topic and partition, the first offset that retention has left."""
    return _Cluster(settings).offsets(names, _EARLIEST, committed=False)


def offsets_at(settings: KafkaSettings, names: Iterable[str], time_ms: int) -> dict[str, dict[int, int]]:
    """By topic and partition, the first offset whose record is stamped `time_ms` or later; -1 where there is none."""
    return _Cluster(settings).offsets(names, OffsetSpec.for_timestamp(time_ms), committed=False)


def delete_topics(settings: KafkaSettings, names: Iterable[str] | None = None, clock: Clock | None = None) -> None:
    """Deletes topics with all their records (all of the catalogue, or `names`) and waits until they are gone.

    Those that do not exist are passed over. Raises OperatorError when the cluster does not answer or refuses.
    """
    cluster = _Cluster(settings, clock)
    doomed = [settings.topic(name) for name in names or TOPICS]
    answers = cluster.admin.delete_topics(doomed, operation_timeout=_TIMEOUT_S, request_timeout=_TIMEOUT_S)
    for name, future in answers.items():
        cluster.answer(f"delete topic {name}", future, unless=KafkaError.UNKNOWN_TOPIC_OR_PART)
    cluster.wait_until(lambda seen: not seen.keys() & set(doomed), "topics were deleted, but are still there")


class _Cluster:
    """An admin client and its answers; it must live until they are in. A refused login fails at once."""

    def __init__(self, settings: KafkaSettings, clock: Clock | None = None) -> None:
        config = settings.client()
        log_error = config["error_cb"]
        self._refused: list[KafkaError] = []
        refused = self._refused  # not self, which would keep the client, its threads and files until a collection
        self._settings = settings
        self._clock = clock or SystemClock()

        def on_error(error: KafkaError) -> None:
            log_error(error)
            if is_refusal(error):
                refused.append(error)

        self.admin = AdminClient(config | {"error_cb": on_error})

    def answer(self, what: str, future: Future[Any], unless: int | None = None) -> Any:
        """Waits for the result; None for the error code `unless`, OperatorError for any other."""
        while True:
            self.admin.poll(0)  # serves the error callback: librdkafka itself would try until the timeout
            if self._refused:
                raise self._failure(what, self._refused[-1])
            try:
                return future.result(_POLL_S)
            except TimeoutError:
                continue
            except KafkaException as error:
                cause: KafkaError = error.args[0]
                if cause.code() == unless:
                    return None
                raise self._failure(what, cause) from error

    def topics(self, names: Iterable[str]) -> dict[str, Any]:
        """Descriptions by the catalogue's name."""
        wanted = {self._settings.topic(name): name for name in names}
        answers = self.admin.describe_topics(TopicCollection(list(wanted)), request_timeout=_TIMEOUT_S)
        return {wanted[full]: self.answer(f"describe topic {full}", one) for full, one in answers.items()}

    def offsets(self, names: Iterable[str], which: Any, *, committed: bool) -> dict[str, dict[int, int]]:
        """By the catalogue's name and partition. Asks again while a topic just made has no leaders yet."""
        until_s = self._clock.monotonic() + _TIMEOUT_S
        while True:
            try:
                return self._offsets(self.topics(names), which, committed=committed)
            except OperatorError as error:
                cause = error.__cause__
                code = cause.args[0].code() if isinstance(cause, KafkaException) else None
                if code not in _NO_LEADER_YET or self._clock.monotonic() >= until_s:
                    raise
                self._clock.sleep(_POLL_S)

    def _offsets(self, topics: Mapping[str, Any], which: Any, *, committed: bool) -> dict[str, dict[int, int]]:
        partitions = {
            TopicPartition(topic.name, number): (name, number)
            for name, topic in topics.items()
            for number in range(len(topic.partitions))
        }
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        answers = self.admin.list_offsets(
            dict.fromkeys(partitions, which), isolation_level=level, request_timeout=_TIMEOUT_S
        )
        offsets: dict[str, dict[int, int]] = {name: {} for name in topics}
        for partition, future in answers.items():
            name, number = partitions[partition]
            offsets[name][number] = self.answer(f"read the offsets of {partition.topic}", future).offset
        return offsets

    def wait_until(self, done: Callable[[Mapping[str, Any]], bool], otherwise: str) -> None:
        """Polls the metadata: the controller acknowledges before the broker that a client asks has heard."""
        deadline_s = self._clock.monotonic() + _TIMEOUT_S
        while self._clock.monotonic() < deadline_s:
            if done(self.admin.list_topics(timeout=_TIMEOUT_S).topics):
                return
            self._clock.sleep(_POLL_S)
        raise OperatorError(f"{otherwise} after {_TIMEOUT_S:.0f} s", "look at the health of the brokers")

    def _failure(self, what: str, cause: KafkaError) -> OperatorError:
        where = self._settings.bootstrap_servers
        return OperatorError(f"cannot {what} at {where}: {cause.str()}", next_step(cause))


def _has_leaders(topic: Any) -> bool:
    partitions = topic.partitions.values()
    return bool(partitions) and all(partition.leader >= 0 for partition in partitions)


def _with_partitions(topic: Topic, override: Mapping[str, int]) -> Topic:
    return replace(topic, partitions=override.get(topic.name, topic.partitions))


def _normal(value: str | None) -> str | None:
    """`delete,compact` is `compact,delete`."""
    return None if value is None else ",".join(sorted(part.strip() for part in value.split(",")))
