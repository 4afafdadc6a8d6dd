"""Connection errors are logged with the operator's next step, and not over and over."""

from confluent_kafka import KafkaError
from structlog.testing import capture_logs

from runtime.clock import ManualClock
from runtime.kafka_errors import is_refusal, log_errors, next_step


def test_each_kind_of_error_is_logged_once_in_thirty_seconds() -> None:
    clock = ManualClock()
    callback = log_errors("a:1", clock)
    down, refused = KafkaError(KafkaError._ALL_BROKERS_DOWN), KafkaError(KafkaError._AUTHENTICATION)
    with capture_logs() as logs:
        for error in (down, refused, down, refused):
            callback(error)
        clock.sleep(31)
        callback(down)
    assert [line["error"] for line in logs] == ["_ALL_BROKERS_DOWN", "_AUTHENTICATION", "_ALL_BROKERS_DOWN"]
    assert logs[1]["next_step"].startswith("check KAFKA_SASL_USERNAME")


def test_the_end_of_a_partition_is_no_error() -> None:
    with capture_logs() as logs:
        log_errors("a:1", ManualClock())(KafkaError(KafkaError._PARTITION_EOF))
    assert logs == []


def test_only_a_refused_login_or_certificate_makes_trying_again_pointless() -> None:
    assert is_refusal(KafkaError(KafkaError._AUTHENTICATION))
    assert not is_refusal(KafkaError(KafkaError._TRANSPORT))
    assert "log" in next_step(KafkaError(KafkaError.INVALID_CONFIG))
