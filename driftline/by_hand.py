"""A person's word on retraining: a request by hand, and a snooze of the policies."""

from driftline import reading
from driftline.errors import CommandError
from driftline.history import since_ms
from driftline.output import utc
from driftline.saying import publish, record_of
from driftline.triggers import CONTROLS, REQUESTS, newest_version, requests
from runtime.admin import describe
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest, RetrainingSnooze, trigger_id_of
from schemas.windowing import duration_ms

BY_HAND = "by-hand"
"""The policy that a person's requests go by."""


def fire(
    settings: KafkaSettings, model: str, version: str | None, *, reason: str, actor: str, now_ms: int
) -> tuple[RetrainingRequest, bool]:
    """A person's request, written unless it is there; and whether it was. No policy, cooldown or snooze is asked.

    Asked for the same with the same reason by the same person on one day (UTC), it is one request.
    Raises CommandError where nobody knows the model's version.
    """
    version = version or newest_version(settings, model)
    day = utc(now_ms, date_only=True)
    request = record_of(
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
    publish(settings, REQUESTS, request.trigger_id, request, partition_of(model.encode(), partitions))
    return request, False


def until_ms(text: str, now_ms: int, option: str = "--until") -> int:
    """Milliseconds of a date, a time, or a duration from `now_ms` on. Raises CommandError."""
    try:
        return now_ms + int(duration_ms(text))
    except ValueError:
        return since_ms(text, now_ms, option=option)


def snooze(
    settings: KafkaSettings, model: str, until_ms: int, *, reason: str, actor: str, now_ms: int
) -> RetrainingSnooze:
    """Keeps policies from asking until an event time; one that has passed lifts the snooze there is.

    Raises CommandError where the model has no monitor, and so no policy.
    """
    record = record_of(RetrainingSnooze, model=model, until_ms=until_ms, reason=reason, actor=actor, snoozed_ms=now_ms)
    monitored = reading.newest(settings, "monitors", Monitor)
    if model not in monitored:
        raise CommandError(
            f"No monitor of {model} is applied, so no policy asks for it.",
            f"name one of {', '.join(sorted(monitored))}"
            if monitored
            else "apply one: driftline apply -f monitor.yaml",
        )
    publish(settings, CONTROLS, model, record, 0)
    return record
