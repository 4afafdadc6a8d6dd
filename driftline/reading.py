"""Reads topics from their beginning to their current end, outside any consumer group."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar, get_args

from confluent_kafka import OFFSET_BEGINNING as BEGINNING
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from pydantic import BaseModel, Field, ValidationError

from driftline.errors import CommandError, ExitCode
from runtime.kafka_errors import next_step
from runtime.settings import KafkaSettings
from schemas.topics import TOPICS

R = TypeVar("R", bound=BaseModel)
_BATCH = 500
_START = "check that it runs: `driftline up` starts one, KAFKA_BOOTSTRAP_SERVERS names another"
_GROUP = "driftline-cli"  # librdkafka wants a name; nothing is committed under it


@dataclass(frozen=True, slots=True)
class Entry(Generic[R]):
    """One record and where it stood."""

    key: str
    record: R
    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Tail:
    """Follows topics from their beginning; committed records only. Not for use from several threads."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str], timeout_s: float = 10.0) -> None:
        """Raises CommandError when Kafka cannot be reached or a topic is not there."""
        self._names = {settings.topic(name): name for name in topics}
        self._errors: deque[KafkaError] = deque(maxlen=1)
        """The connection's last error: a wrong password, for one, shows nowhere else."""
        self._consumer = Consumer(
            settings.client(
                **{
                    "group.id": _GROUP,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_committed",
                    "enable.partition.eof": True,
                    "fetch.wait.max.ms": 50,  # the end is told by a fetch that finds nothing; by default after 500
                    "error_cb": self._errors.append,
                }
            )
        )
        try:
            self._open = self._assign(timeout_s)
        except BaseException:
            self._consumer.close()
            raise

    @property
    def at_end(self) -> bool:
        """Whether every partition has been read to its end at least once."""
        return not self._open

    def poll(self, timeout_s: float) -> list[tuple[str, Message]]:
        """Takes what has come, as (catalogue name of the topic, message); blocks up to `timeout_s` for the first."""
        taken = []
        for message in self._consumer.consume(_BATCH, timeout_s):
            error = message.error()
            if error is None:
                taken.append((self._names[str(message.topic())], message))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  confluent-kafka's public name for it
                self._open.discard((message.topic(), message.partition()))
            elif error.fatal() or not error.retriable():
                raise unreachable(error.str())
        return taken

    def close(self) -> None:
        """Closes the consumer."""
        self._consumer.close()

    def _assign(self, timeout_s: float) -> set[tuple[str, int]]:
        try:
            known = self._consumer.list_topics(timeout=timeout_s).topics
        except KafkaException as error:
            last = self._errors[-1] if self._errors else error.args[0]
            raise unreachable(last.str(), next_step(last)) from error
        lacking = [name for topic, name in self._names.items() if topic not in known or not known[topic].partitions]
        if lacking:
            raise CommandError(
                f"Kafka has no topic {', '.join(lacking)}.",
                "start the services, which create the topics, with `driftline up`; "
                "DRIFTLINE_TOPIC_PREFIX must be the same for both",
                ExitCode.KAFKA,
            )
        partitions = {(topic, partition) for topic in self._names for partition in known[topic].partitions}
        self._consumer.assign([TopicPartition(topic, partition, BEGINNING) for topic, partition in partitions])
        return partitions


def unreachable(why: str, next_step: str = _START) -> CommandError:
    """What to say when Kafka does not answer."""
    return CommandError(f"Kafka cannot be reached: {why}.", next_step, ExitCode.KAFKA)


def messages(settings: KafkaSettings, topic: str, stall_s: float = 30.0) -> Iterator[Message]:
    """Every committed message of a topic up to its current end, in order within a partition.

    Raises CommandError when Kafka cannot be reached, or sends nothing for `stall_s`.
    """
    tail = Tail(settings, [topic])
    silent_s = 0.0
    step_s = 0.1
    try:
        while not tail.at_end:
            taken = tail.poll(step_s)
            silent_s = 0.0 if taken else silent_s + step_s
            if silent_s >= stall_s:
                raise unreachable(f"topic {topic} sent nothing for {stall_s:.0f} s")
            yield from (message for _, message in taken)
    finally:
        tail.close()


def read(settings: KafkaSettings, topic: str, model: type[R]) -> Iterator[Entry[R]]:
    """Every record of a topic up to its current end, validated; tombstones and the topic's other records are left out.

    Raises CommandError for a record that is none of `model`.
    """
    for message in messages(settings, topic):
        if message.value() is not None and not is_other(topic, model, message.value() or b""):
            yield entry(topic, message, model)


def newest(settings: KafkaSettings, topic: str, model: type[R]) -> dict[str, R]:
    """The newest record of each key; keys whose newest is a tombstone are left out."""
    found: dict[str, Message] = {}
    for message in messages(settings, topic):
        key = key_of(message)
        found.pop(key, None)
        if message.value() is not None:
            found[key] = message
    return {key: entry(topic, message, model).record for key, message in found.items()}


class _Revised(BaseModel):
    revision: int


def greatest(settings: KafkaSettings, topic: str, model: type[R]) -> list[R]:
    """The record of each key with the greatest revision, whatever order they came in."""
    found: dict[str, tuple[int, Message]] = {}
    for message in messages(settings, topic):
        key = key_of(message)
        if message.value() is None:
            found.pop(key, None)
            continue
        if is_other(topic, model, message.value() or b""):
            continue
        revision = entry(topic, message, _Revised).record.revision
        if key not in found or revision >= found[key][0]:
            found[key] = (revision, message)
    return [entry(topic, message, model).record for _, message in found.values()]


class _Kind(BaseModel):
    schema_: str = Field("", alias="schema")


def is_other(topic: str, model: type[BaseModel], value: bytes) -> bool:
    """Whether it is another record than `model`, of those that the catalogue has for the topic.

    A reader without `schema_` of its own takes them all. What the catalogue does not know is no other: it is an error.
    """
    others = _others(topic, model)
    try:
        return bool(others) and _Kind.model_validate_json(value).schema_ in others
    except ValidationError:
        return False


@cache
def _others(topic: str, model: type[BaseModel]) -> frozenset[str]:
    own = _schema(model)
    return frozenset(map(_schema, TOPICS[topic].values)) - {own} if own else frozenset()


def _schema(model: type[BaseModel]) -> str:
    """What its `schema` says; empty for a reader of some fields only."""
    field = model.model_fields.get("schema_")
    return str(get_args(field.annotation)[0]) if field else ""


def entry(topic: str, message: Message, model: type[R]) -> Entry[R]:
    """The message as a validated record. Raises CommandError naming the offset when it is none."""
    where = f"{topic}, partition {message.partition()}, offset {message.offset()}"
    try:
        record = model.model_validate_json(message.value() or b"")
    except ValidationError as error:
        raise CommandError(
            f"The record at {where} is no {model.__name__}: {error.errors(include_url=False)[0]['msg']}.",
            "use the same version of Driftline everywhere: a newer or an older one wrote it",
            ExitCode.PROBLEM,
        ) from error
    return Entry(
        key_of(message),
        record,
        topic,
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
    )


def key_of(message: Message) -> str:
    """The message's key as text; empty without one."""
    key = message.key()
    return key.decode(errors="replace") if isinstance(key, bytes) else (key or "")
