"""Requests leave the service keyed by their id and placed by model; the newest snooze of a model holds."""

from types import SimpleNamespace
from typing import Any

from structlog.testing import capture_logs

from runtime.faust.projection import Event, Rows
from runtime.log.partitioning import partition_of
from runtime.metrics import Metrics
from schemas.retraining import RetrainingRequest, RetrainingSnooze
from services.triggers.agents import judging
from services.triggers.telling import telling
from tests.unit.triggers.labelled import window
from tests.unit.triggers_policies.asked import DAY_MS, FIRST_MS, monitor, worse

PARTITIONS = {"alerts": 4, "retraining.requests": 7}


def _effects(metrics: Metrics, **snoozes: RetrainingSnooze) -> Any:
    monitors = SimpleNamespace(values={"flights": monitor(worse())})
    handler = judging(monitors, SimpleNamespace(values=snoozes), PARTITIONS, telling(metrics))
    return handler(Event("windows", 1, 7, b"w", window(accuracy=0.6).to_json(), 0), Rows())


def test_a_request_is_published_counted_and_logged() -> None:
    metrics = Metrics("triggers")
    with capture_logs() as lines:
        (record,) = _effects(metrics).out
    request = RetrainingRequest.model_validate_json(record.value)
    assert (record.topic, record.key) == ("retraining.requests", request.trigger_id.encode())
    assert record.partition == partition_of(b"flights", 7)
    assert [(line["event"], line["reason"]) for line in lines] == [("retraining_request", request.reason)]
    labels = {"service": "triggers", "model": "flights", "policy": "mine"}
    assert metrics.registry.get_sample_value("driftline_retraining_requests_total", labels) == 1


def test_a_snooze_of_the_model_holds_and_one_of_another_does_not() -> None:
    until_ms = FIRST_MS + 9 * DAY_MS
    snooze = RetrainingSnooze(model="flights", until_ms=until_ms, reason="quiet", actor="mara", snoozed_ms=FIRST_MS)
    assert _effects(Metrics("triggers"), flights=snooze).out == []
    assert len(_effects(Metrics("triggers"), fraud=snooze).out) == 1
