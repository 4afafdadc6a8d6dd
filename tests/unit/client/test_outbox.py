"""The queue when Kafka is not there: nothing waits, everything is counted."""

import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from driftline.client import Client
from tests.unit.client.recording import NOWHERE, client


def test_a_full_queue_drops_the_newest_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    made = client(queue_messages=10)
    for number in range(25):
        made.log_prediction({"age": number}, "stay")
    assert (made.totals.queued, made.totals.dropped) == (10, {"QUEUE_FULL": 15})
    made.close(0)
    assert (made.totals.queued, sum(made.totals.failed.values())) == (0, 10)
    assert len([line for line in caplog.messages if "QUEUE_FULL" in line]) == 1


def test_a_closed_client_drops_and_may_be_closed_again() -> None:
    with client() as made:
        pass
    made.close()
    assert made.log_prediction({"age": 1}, "stay", prediction_id="p") == "p"
    made.log_label("p", "stay")
    assert made.totals.dropped == {"CLOSED": 2}
    assert made.flush(0) == 0


def test_a_field_that_there_is_not_is_the_caller_s_error_and_names_those_there_are() -> None:
    with client() as made:
        for log in (lambda: made.log_prediction({}, 1, scor=0.5), lambda: made.log_batch([[1]], ["a"], [1], scor=0.5)):
            with pytest.raises(TypeError, match="no scor: give prediction_id, score"):
                log()
        assert made.totals.queued == 0


def test_metrics_are_those_of_all_clients_of_a_registry() -> None:
    registry = CollectorRegistry()
    one, two, other = (client(version=version, registry=registry, queue_messages=1) for version in "112")
    for made in (one, two, other):
        for _ in range(3):
            made.log_prediction({}, 1)
        made.log_prediction({}, None)
    lines = generate_latest(registry).decode().splitlines()
    for made in (one, two, other):
        made.close(0)
    assert {
        'driftline_client_queue_events{model="churn",version="1"} 2.0',
        'driftline_client_events_dropped_total{model="churn",reason="QUEUE_FULL",version="1"} 4.0',
        'driftline_client_events_dropped_total{model="churn",reason="SCHEMA",version="2"} 1.0',
        'driftline_client_events_sent_total{model="churn",version="2"} 0.0',
    } <= set(lines)


def test_settings_that_are_of_no_use_are_told_when_the_server_starts() -> None:
    with pytest.raises(ValueError, match="String should match pattern"):
        Client("a\nb", "1", settings=NOWHERE)
    with pytest.raises(ValueError, match="at least 1 character"):
        Client("a", "", settings=NOWHERE)


def test_the_package_itself_imports_nothing_of_the_client() -> None:
    program = "import driftline, sys; print('confluent_kafka' in sys.modules, driftline.Client.__name__)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "Client"]
