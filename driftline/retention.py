"""How long `predictions` and `labels` must be kept.

The join's store is rebuilt from them where it is lost: a label that may still be corrected or repeated is up to one
horizon old, and its prediction one more. And retraining takes its rows from them, as far back as it looks.
"""

from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not declared so
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)

from driftline.errors import CommandError, ExitCode
from driftline.output import span
from runtime.admin import Difference, TopicState, describe
from runtime.kafka_errors import next_step
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.performance import DAY_MS

TOPICS = ("predictions", "labels")
_SETTING = "retention.ms"
_FOREVER = -1
_TIMEOUT_S = 30.0


class Raised(NamedTuple):
    """One topic's retention, in milliseconds, before and after."""

    topic: str
    before_ms: int
    after_ms: int

    def __str__(self) -> str:
        before, after = (span(kept_ms / 1_000) for kept_ms in (self.before_ms, self.after_ms))
        return f"kept {after} from now on, not {before}: late labels find their predictions, and retraining its rows"


def needed_ms(monitors: Iterable[Monitor]) -> int:
    """Twice the longest horizon, or the longest lookback, and a day for what comes late; 0 without a monitor."""
    spans = (max(2 * of.performance.horizon, of.training.snapshot.lookback) for of in monitors)
    return max((span_ms + DAY_MS for span_ms in spans), default=0)


def lacking(states: Iterable[TopicState], needed: int) -> list[Raised]:
    """Topics that are kept for less than `needed` milliseconds, and what they are to be raised to."""
    kept = ((state.name, int(state.config[_SETTING])) for state in states)
    return [Raised(name, before, needed) for name, before in kept if before != _FOREVER and before < needed]


def is_raised(difference: Difference) -> bool:
    """Whether a topic differs from the catalogue by what `driftline apply` did for a monitor."""
    raised = difference.setting == _SETTING and difference.topic in TOPICS
    return raised and int(difference.found) > int(difference.wanted)


def ensure(settings: KafkaSettings, monitors: Iterable[Monitor]) -> list[Raised]:
    """Raises the topics' retention where a horizon asks for it; never lowers it.

    Raises CommandError when Kafka refuses, OperatorError when it does not answer.
    """
    needed = needed_ms(monitors)
    if not needed:
        return []
    raised = lacking(describe(settings, TOPICS).values(), needed)
    admin = AdminClient(settings.client())  # must live until its answers are in
    for topic, before_ms, after_ms in raised:
        entry = ConfigEntry(_SETTING, str(after_ms), incremental_operation=AlterConfigOpType.SET)
        name = settings.topic(topic)
        resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=[entry])
        answers = admin.incremental_alter_configs([resource], request_timeout=_TIMEOUT_S)
        try:
            answers[resource].result(_TIMEOUT_S)
        except KafkaException as error:
            raise CommandError(
                f"{name} is kept {span(before_ms / 1_000)}, which is less than twice the monitor's "
                f"performance.horizon, or its training.snapshot.lookback, and a day; Kafka does not raise it: "
                f"{error.args[0].str()}.",
                f"{next_step(error.args[0])}; or set {_SETTING}={after_ms} with kafka-configs; or shorten these two",
                ExitCode.KAFKA,
            ) from error
    return raised
