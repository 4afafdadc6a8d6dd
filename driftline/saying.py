"""One record that a person says, checked and put on its topic."""

from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pydantic import ValidationError

from driftline.errors import CommandError, ExitCode
from runtime.settings import KafkaSettings
from schemas.base import Record

R = TypeVar("R", bound=Record)
_TIMEOUT_S = 30.0


def record_of(of: type[R], /, **fields: Any) -> R:
    """The record. Raises CommandError naming the field that cannot be used."""
    try:
        return of(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CommandError(f"{first['loc'][0]}: {first['msg']}.", "mend that option, and say it again") from error


def publish(settings: KafkaSettings, topic: str, key: str, record: Record, partition: int) -> None:
    """Puts a record on a partition of its topic, and waits until Kafka has it. Raises CommandError."""
    failures: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(settings.client(**{"acks": "all", "enable.idempotence": True}))
    try:
        producer.produce(settings.topic(topic), record.to_json(), key.encode(), partition, on_delivery=delivered)
    except KafkaException as error:
        failures.append(error.args[0].str())
    if producer.flush(_TIMEOUT_S) or failures:
        why = failures[0] if failures else f"no answer within {_TIMEOUT_S:.0f} s"
        raise CommandError(
            f"Kafka did not take it: {why}.", "see `driftline doctor`, then say it again", ExitCode.KAFKA
        )
