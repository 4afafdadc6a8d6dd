"""A broker that wants a password: the right one works, a wrong one is explained."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from runtime.admin import create_topics, topic_ids
from runtime.broker import EmbeddedKafka
from runtime.errors import OperatorError
from runtime.settings import KafkaSettings

JAAS = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="broker" password="b" user_broker="b" user_driftline="right";'
)
PROPERTIES = {
    "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.client.plain.sasl.jaas.config": JAAS,
}


LOGIN = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_username": "driftline",
    "sasl_password": "right",
}


def test_the_right_password_works_and_a_wrong_one_is_named_as_the_reason(
    broker_factory: Callable[..., EmbeddedKafka],
) -> None:
    login = broker_factory(properties=PROPERTIES, login=LOGIN).settings()
    create_topics(login, names=["labels"])
    assert set(topic_ids(login, ["labels"])) == {"labels"}
    wrong = KafkaSettings(**{**login.model_dump(), "sasl_password": "wrong"})
    with capture_logs() as logs, pytest.raises(OperatorError, match="check"):
        create_topics(wrong, names=["alerts"])
    assert [line["next_step"] for line in logs if line["error"] == "_AUTHENTICATION"] == [
        "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
    ]
