"""What librdkafka's connection errors mean to an operator.

A wrong password shows in a client's calls only as a timeout: only the error callback has the reason.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog
from confluent_kafka import KafkaError

from runtime.clock import Clock, SystemClock

_NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "_AUTHENTICATION": "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM",
        "_SSL": "check KAFKA_SSL_CA_LOCATION, and the certificate and key if the cluster wants them",
        "_RESOLVE": "check the host names in KAFKA_BOOTSTRAP_SERVERS",
        "_TRANSPORT": "check that a broker listens there and that KAFKA_SECURITY_PROTOCOL is that listener's",
        "_ALL_BROKERS_DOWN": "check that the cluster runs, and KAFKA_BOOTSTRAP_SERVERS; clients keep trying",
        "_TIMED_OUT": "check that the cluster runs; a refused login shows only in the log above",
        "_FATAL": "the client is of no more use: the process ends and is started again",
        "TOPIC_AUTHORIZATION_FAILED": "grant the user access to the topic",
        "GROUP_AUTHORIZATION_FAILED": "grant the user access to the consumer group",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED": "grant the user access to the transactional id",
        "CLUSTER_AUTHORIZATION_FAILED": "grant the user IdempotentWrite on the cluster",
    }
)
_REPEAT_S = 30.0
_QUIET = frozenset({"_PARTITION_EOF"})


def is_refusal(error: KafkaError) -> bool:
    """Whether trying again cannot help: the login or the certificate was refused."""
    return error.name() in {"_AUTHENTICATION", "_SSL"}


def next_step(error: KafkaError) -> str:
    """What the operator does about it."""
    return _NEXT_STEPS.get(error.name(), "see the message; Kafka's own log has more")


def log_errors(servers: str, clock: Clock | None = None) -> Callable[[KafkaError], None]:
    """An `error_cb` that logs each kind of error at most every 30 s: librdkafka repeats them."""
    log = structlog.get_logger("kafka")
    now = (clock or SystemClock()).monotonic
    logged_s: dict[str, float] = {}

    def callback(error: KafkaError) -> None:
        name, now_s = error.name(), now()
        if name in _QUIET or now_s - logged_s.get(name, -_REPEAT_S) < _REPEAT_S:
            return
        logged_s[name] = now_s
        log.error("kafka_error", error=name, detail=error.str(), next_step=next_step(error), servers=servers)

    return callback
