"""A person's word on retraining: a request by hand, and a snooze of the policies."""

from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pydantic import ValidationError

from driftline.errors import CommandError, ExitCode
from driftline.history import since_ms
from driftline.output import utc
from driftline.triggers import CONTROLS, REQUESTS, newest_version, requests
from runtime.admin import describe
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.base import Record
from schemas.retraining import RetrainingRequest, RetrainingSnooze, trigger_id_of
from schemas.windowing import duration_ms

R = TypeVar("R", bound=Record)
BY_HAND = "by-hand"
"""The policy that a person's requests go by."""
_TIMEOUT_S = 30.0


def fire(
    settings: KafkaSettings, model: str, version: str | None, *, reason: str, actor: str, now_ms: int
) -> tuple[RetrainingRequest, bool]:
    """A person's request, written unless it is there; and whether it was. No policy, cooldown or snooze is asked.

    Asked for the same with the same reason by the same person on one day (UTC), it is one request.
    Raises CommandError where nobody knows the model's version.
    """
    version = version or newest_version(settings, model)
    day = utc(now_ms, date_only=True)
    request = _record(
        RetrainingRequest,
        trigger_id=trigger_id_of(model, BY_HAND, version, actor, reason, day),
        model=model,
        version=version,
        policy=BY_HAND,
        kind="manual",
        priority="high",
        reason=reason,
        requested_ms=now_ms,
        actor=actor,
    )
    known = {known.trigger_id: known for known in requests(settings, model)}
    if request.trigger_id in known:
        return known[request.trigger_id], True
    partitions = describe(settings, [REQUESTS])[REQUESTS].partitions
    _publish(settings, REQUESTS, request.trigger_id, request, partition_of(model.encode(), partitions))
    return request, False


def until_ms(text: str, now_ms: int) -> int:
    """Milliseconds of a date, a time, or a duration from `now_ms` on. Raises CommandError."""
    try:
        return now_ms + int(duration_ms(text))
    except ValueError:
        return since_ms(text, now_ms, option="--until")


def snooze(
    settings: KafkaSettings, model: str, until_ms: int, *, reason: str, actor: str, now_ms: int
) -> RetrainingSnooze:
    """Keeps policies from asking until an event time; one that has passed lifts the snooze there is."""
    record = _record(RetrainingSnooze, model=model, until_ms=until_ms, reason=reason, actor=actor, snoozed_ms=now_ms)
    _publish(settings, CONTROLS, model, record, 0)
    return record


def _record(of: type[R], /, **fields: Any) -> R:
    try:
        return of(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise CommandError(f"{first['loc'][0]}: {first['msg']}.", "mend that option, and say it again") from error


def _publish(settings: KafkaSettings, topic: str, key: str, record: Record, partition: int) -> None:
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
