"""Writes monitors and baselines to their compacted topics."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from driftline import reading, retention
from driftline.errors import CommandError, ExitCode
from driftline.manifests import Manifest
from runtime.settings import KafkaSettings
from schemas.base import Record
from schemas.baseline import Baseline
from schemas.monitor import Monitor

_TIMEOUT_S = 30.0


class Applied(NamedTuple):
    """What became of one monitor or baseline, or of a topic for a monitor's sake."""

    kind: str
    name: str
    outcome: str
    """created, changed or unchanged; of a topic, how long it is kept from now on."""


def apply(settings: KafkaSettings, manifests: Sequence[Manifest]) -> list[Applied]:
    """Publishes what is new or changed, baselines before the monitors that use them; waits until Kafka has it.

    Where a monitor waits for labels longer than events are kept, these are kept longer first.
    Raises CommandError when Kafka cannot be reached or refuses.
    """
    baselines = {f"{b.model}/{b.version}": b for b in (m.baseline for m in manifests) if b is not None}
    monitors = {m.model: m for m in (manifest.monitor for manifest in manifests) if m is not None}
    applied = []
    if baselines:
        applied += _publish(
            settings, "baselines", "baseline", baselines, reading.newest(settings, "baselines", Baseline)
        )
    if monitors:
        applied += [
            Applied("topic", raised.topic, str(raised)) for raised in retention.ensure(settings, monitors.values())
        ]
        applied += _publish(settings, "monitors", "monitor", monitors, reading.newest(settings, "monitors", Monitor))
    return applied


def _publish(
    settings: KafkaSettings, topic: str, kind: str, wanted: Mapping[str, Record], known: Mapping[str, Record]
) -> list[Applied]:
    failures: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(settings.client(**{"acks": "all", "enable.idempotence": True, "message.max.bytes": 8_388_608}))
    applied = []
    for key, record in wanted.items():
        outcome = "created" if key not in known else "unchanged" if known[key] == record else "changed"
        applied.append(Applied(kind, key, outcome))
        if outcome != "unchanged":
            try:
                producer.produce(settings.topic(topic), record.to_json(), key.encode(), on_delivery=delivered)
            except KafkaException as error:
                failures.append(error.args[0].str())
    if producer.flush(_TIMEOUT_S) or failures:
        raise CommandError(
            f"Kafka did not take the {kind}: {failures[0] if failures else f'no answer within {_TIMEOUT_S:.0f} s'}.",
            "see `driftline doctor`, then apply again",
            ExitCode.KAFKA,
        )
    return applied
