"""The client on a real broker: what it says is counted and joined, and a broker that is away costs no call."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from driftline.client import Client
from runtime.admin import create_topics
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from tests.chaos.harness import read
from tests.conftest import BrokerFactory
from tests.integration.drift.services import ROOT, apply, ledger, running, wait_for
from tests.on_kafka import committed_records

SINGLE, ROWS = 120, 400


def client(settings: KafkaSettings, **options: int) -> Client:
    return Client("binary", "1", settings=settings, registry=CollectorRegistry(), **options)


def counted(settings: KafkaSettings, service: str) -> int:
    """Events that the service counted."""
    return sum(sum(one.counted.values()) for one in ledger(settings) if one.service == service)


def joined(settings: KafkaSettings) -> int:
    """Pairs of a prediction and its label."""
    outcomes = [
        Outcome.model_validate_json(value) for _, _, value in read(settings, "outcomes") if b".outcome/" in value
    ]
    return sum(
        part.n for outcome in outcomes if outcome.by == "prediction_time" for part in outcome.slices if not part.segment
    )


def test_predictions_and_labels_are_counted_and_joined(settings: KafkaSettings, tmp_path: Path) -> None:
    """Single events and a batch; every label finds its prediction, wherever the batch's rows lay."""
    apply(settings, "monitors", "binary", Monitor(model="binary", classes=("stay", "leave")))
    with client(settings) as made:
        ids = [
            made.log_prediction(
                {"age": np.int64(number), "plan": "plus"}, "stay", score=np.float32(0.25), segments={"region": "eu"}
            )
            for number in range(SINGLE)
        ]
        ids += made.log_batch(
            np.arange(2.0 * ROWS).reshape(ROWS, 2), ["age", "income"], ["leave"] * ROWS, score=np.linspace(0, 1, ROWS)
        )
        for own in ids:
            made.log_label(own, "leave")
        assert made.flush() == 0
        total = SINGLE + ROWS
        assert (made.totals.sent, dict(made.totals.failed), dict(made.totals.dropped)) == (2 * total, {}, {})
    labels = list(committed_records(settings, settings.topic("labels")))
    assert {message.partition() for message in labels} == {partition_of(own.encode(), 4) for own in ids}
    with (
        running(settings, tmp_path, "fold") as fold,
        running(settings, tmp_path, "join", service="services.performance") as join,
    ):
        wait_for(lambda: joined(settings) == total, [*fold, *join])
        wait_for(lambda: counted(settings, "drift-fold") == total, fold)
    assert {reason for one in ledger(settings) for reason in one.dead} == set()


def test_a_broker_that_is_away_costs_no_call_and_gets_what_was_queued(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    settings = broker.settings()
    create_topics(settings)
    with client(settings, queue_messages=500) as made:
        first = made.log_prediction({"age": 1}, "stay")
        assert made.flush() == 0
        broker.kill()
        calls = [made.log_prediction({"age": number}, "stay") for number in range(600)]
        assert (made.totals.sent, made.totals.queued, made.totals.dropped) == (1, 500, {"QUEUE_FULL": 100})
        broker.start()
        broker.wait_ready()
        assert made.flush(60) == 0
        assert (made.totals.sent, dict(made.totals.failed)) == (501, {})
    arrived = [(message.key() or b"").decode() for message in committed_records(settings, "predictions")]
    assert sorted(arrived) == sorted([first, *calls[:500]])


FORKING = """
import os, sys
from driftline import Client
client = Client("binary", "1")
client.log_prediction({}, 1, prediction_id="before")
child = os.fork()
client.log_prediction({}, 1, prediction_id="after-in-parent" if child else "after-in-child")
assert client.totals.queued + client.totals.sent == (2 if child else 1)
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_fork_has_a_producer_of_its_own_and_exits_wait_for_what_is_queued(settings: KafkaSettings) -> None:
    environment = os.environ | settings.environment()
    ended = subprocess.run(
        [sys.executable, "-c", FORKING],
        cwd=ROOT,
        env=environment,
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    keys = [message.key() for message in committed_records(settings, settings.topic("predictions"))]
    assert sorted(keys) == [b"after-in-child", b"after-in-parent", b"before"]
