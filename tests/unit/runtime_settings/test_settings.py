"""Where Kafka is and how to speak to it, read from the environment."""

import os

import pytest
from pydantic import ValidationError

from runtime.settings import KafkaSettings

SCRAM = {
    "KAFKA_BOOTSTRAP_SERVERS": "a:9093,b:9093",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
    "KAFKA_SASL_USERNAME": "driftline",
    "KAFKA_SASL_PASSWORD": "hunter2",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        if name.startswith(("KAFKA_", "DRIFTLINE_")):
            monkeypatch.delenv(name)
    return monkeypatch


def connection(settings: KafkaSettings) -> dict[str, object]:
    return {key: value for key, value in settings.client().items() if key.startswith(("boot", "sec", "sasl", "ssl"))}


@pytest.mark.usefixtures("environment")
def test_without_a_broker_the_operator_is_told_what_to_set() -> None:
    with pytest.raises(ValidationError, match="set KAFKA_BOOTSTRAP_SERVERS to host:port"):
        KafkaSettings()


def test_a_plain_connection_needs_only_the_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:9092, b:9092")
    assert connection(KafkaSettings()) == {
        "bootstrap.servers": "a:9092, b:9092",
        "security.protocol": "PLAINTEXT",
    }
    assert KafkaSettings().faust() == {"broker": "kafka://a:9092;kafka://b:9092"}


def test_scram_over_tls_reaches_librdkafka_and_faust(environment: pytest.MonkeyPatch) -> None:
    for name, value in SCRAM.items():
        environment.setenv(name, value)
    assert connection(KafkaSettings()) == {
        "bootstrap.servers": "a:9093,b:9093",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "driftline",
        "sasl.password": "hunter2",
    }
    credentials = KafkaSettings().faust()["broker_credentials"]
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-256")
    assert (credentials.username, credentials.password) == ("driftline", "hunter2")


@pytest.mark.parametrize(
    ("incomplete", "next_step"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEY_LOCATION": "key.pem"},
            "set both KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION",
        ),
        ({"DRIFTLINE_TOPIC_PREFIX": "my topics/"}, "topic_prefix|DRIFTLINE_TOPIC_PREFIX"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "'PLAINTEXT', 'SSL'"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_what_is_missing(
    environment: pytest.MonkeyPatch, incomplete: dict[str, str], next_step: str
) -> None:
    for name, value in {"KAFKA_BOOTSTRAP_SERVERS": "a:1", **incomplete}.items():
        environment.setenv(name, value)
    with pytest.raises(ValidationError, match=next_step):
        KafkaSettings()


def test_a_child_gets_the_same_settings_through_its_environment(environment: pytest.MonkeyPatch) -> None:
    for name, value in {**SCRAM, "DRIFTLINE_TOPIC_PREFIX": "team.", "DRIFTLINE_REPLICATION_FACTOR": "3"}.items():
        environment.setenv(name, value)
    settings = KafkaSettings()
    for name in SCRAM:
        environment.delenv(name)
    for name, value in settings.environment().items():
        environment.setenv(name, value)
    assert KafkaSettings() == settings
    assert (settings.topic("labels"), settings.replication_factor) == ("team.labels", 3)


def test_passwords_do_not_show_in_print_or_json(environment: pytest.MonkeyPatch) -> None:
    for name, value in SCRAM.items():
        environment.setenv(name, value)
    settings = KafkaSettings()
    assert "hunter2" not in f"{settings!r}{settings}{settings.model_dump_json()}"


def test_more_options_come_on_top(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1")
    config = KafkaSettings().client(**{"group.id": "drift", "log_level": 0})
    assert (config["group.id"], config["log_level"]) == ("drift", 0)
