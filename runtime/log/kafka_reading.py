"""What readers of Kafka share: a topic as it is now, and what an error while reading means."""
# ruff: noqa: SLF001  librdkafka's own error codes begin with an underscore

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from confluent_kafka import KafkaError, KafkaException

from runtime.admin import TopicState, describe
from runtime.errors import OperatorError
from runtime.kafka_errors import next_step
from runtime.log.halts import no_topic
from runtime.log.protocol import LogHalted
from runtime.settings import KafkaSettings

LOST_OFFSET = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._NO_OFFSET})
"""There is no such record, or no longer."""

_logger = structlog.get_logger(__name__)


def described(settings: KafkaSettings, topic: str) -> TopicState:
    """A topic of the catalogue as it is now. Raises LogHalted when it is missing or the brokers do not answer."""
    with asking(settings.topic(topic)):
        return describe(settings, [topic])[topic]


@contextmanager
def asking(topic: str) -> Iterator[None]:
    """What the cluster answers about a topic, named with its prefix; raises LogHalted where that is an error."""
    try:
        yield
    except LogHalted:
        raise
    except KafkaException as failure:
        error = failure.args[0]
        raise LogHalted(f"reading {topic} failed: {error.str()}", next_step(error)) from failure
    except OperatorError as error:
        cause = error.__cause__
        if isinstance(cause, KafkaException) and cause.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise no_topic(topic) from error
        raise LogHalted(error.what, error.next_step) from error


def pass_over(error: KafkaError, topic: str) -> None:
    """Logs what librdkafka mends by itself; raises LogHalted for the rest."""
    code = error.code()
    if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
        raise no_topic(topic)
    if code != KafkaError._MAX_POLL_EXCEEDED and not error.retriable():
        raise LogHalted(f"reading {topic} failed: {error.str()}", next_step(error))
    _logger.warning("consumer_error", topic=topic, error=error.str())
