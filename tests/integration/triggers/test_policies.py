"""Retraining policies on a real broker: windows in, requests out, killed in between; and a person's word beside."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from driftline import reading, triggers
from runtime.clock import SystemClock
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest
from tests.ending import asked_to_end
from tests.unit.triggers import labelled
from tests.unit.triggers_policies.asked import DAY_MS, FIRST_MS, HOUR_MS, Service, monitor, policy, worse

PATIENCE_S = 60.0
MONITOR = monitor(
    worse("worse", for_windows=2, cooldown="2d", priority="high", override=True),
    policy("volume", "fresh", labels=1_500, cooldown="3d", priority="low"),
)
CALM_UNTIL_MS = FIRST_MS + 12 * DAY_MS


def _windows(model: str) -> list[Any]:
    """Sixty days: two in three are bad, and each brings labels."""
    made = []
    for day in range(60):
        cohorts = labelled.window(day, accuracy=0.6 if day % 3 else 0.79)
        learned = labelled.window(size_ms=HOUR_MS, by="label_time", made=0, labelled=900, at_ms=FIRST_MS + day * DAY_MS)
        made += [one.model_copy(update={"model": model}) for one in (cohorts, learned)]
    return made


def _expected(watched: Monitor, windows: list[Any], snoozed_until_ms: int | None = None) -> dict[str, bytes]:
    service = Service(watched, snoozed_until_ms)
    service.days(windows)
    return {request.trigger_id: request.to_json() for request in service.requests}


@pytest.fixture
def produce(settings: KafkaSettings, partitions: int) -> Callable[[list[Any]], None]:
    """Monitors, and windows to the partition of their model."""

    def send(records: list[Any]) -> None:
        producer = Producer(settings.client())
        for record in records:
            if isinstance(record, Monitor):
                producer.produce(settings.topic("monitors"), record.to_json(), record.model)
            else:
                place = partition_of(record.model.encode(), partitions)
                producer.produce(settings.topic("windows"), record.to_json(), record.window_id, place)
        assert producer.flush(PATIENCE_S) == 0

    return send


@pytest.fixture
def command(settings: KafkaSettings, tmp_path: Path) -> Callable[..., str]:
    """`driftline triggers …` as a person runs it; its stdout."""
    environment = os.environ | settings.environment()

    def run(*arguments: str) -> str:
        argv = [sys.executable, "-m", "driftline.cli", "triggers", *arguments]
        done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _told(settings: KafkaSettings) -> dict[str, bytes]:
    """Requests on the topic by id; fails where one id says two things, or is not where its model belongs."""
    told: dict[str, bytes] = {}
    for message in reading.messages(settings, triggers.REQUESTS):
        value = message.value() or b""
        request = RetrainingRequest.model_validate_json(value)
        assert message.key() == request.trigger_id.encode()
        assert message.partition() == partition_of(request.model.encode(), 4)
        assert told.setdefault(request.trigger_id, value) == value
    return told


def _wait_out_midnight() -> None:
    """Near the end of a day its next begins: what a person says twice is one request on one day only."""
    clock = SystemClock()
    left_ms = DAY_MS - clock.wall_ms() % DAY_MS
    if left_ms < 60_000:
        clock.sleep(left_ms / 1_000)


def _wait_for(settings: KafkaSettings, number: int) -> dict[str, bytes]:
    clock = SystemClock()
    deadline_s = clock.monotonic() + PATIENCE_S
    while len(told := _told(settings)) < number:
        assert clock.monotonic() < deadline_s, f"only {len(told)} requests of {number}"
        clock.sleep(0.2)
    return told


def test_requests_after_kills_are_those_of_a_service_that_was_never_killed(
    settings: KafkaSettings, produce: Any, command: Callable[..., str], service: Any, tmp_path: Path
) -> None:
    """Two models; one is snoozed for twelve days, and a person asks for it all the same, while the service is down."""
    other = MONITOR.model_copy(update={"model": "fraud"})
    streams = {one.model: _windows(one.model) for one in (MONITOR, other)}
    mixed = [window for pair in zip(*streams.values(), strict=True) for window in pair]
    expected = _expected(MONITOR, streams["flights"], CALM_UNTIL_MS) | _expected(other, streams["fraud"])
    by_hand = ("fire", "--model", "flights", "--reason", "new aircraft types", "--actor", "mara", "--json")

    produce([MONITOR, other, *mixed[:100]])
    command("snooze", "--model", "flights", "--until", "2013-07-13", "--reason", "they are new", "--actor", "mara")
    with service() as process:
        _wait_for(settings, 4)
        process.send_signal(signal.SIGKILL)
        process.wait()
    _wait_out_midnight()
    fired = json.loads(command(*by_hand))
    produce(mixed[100:180])
    assert json.loads(command(*by_hand)) == fired, "said twice a day it is one request"
    before = len(_told(settings))
    with service() as process:
        _wait_for(settings, before + 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    produce(mixed[180:])
    with service() as process:
        told = _wait_for(settings, len(expected) + 1)
        assert asked_to_end([process])
        assert process.returncode == 0

    assert (fired["kind"], fired["version"], fired["actor"]) == ("manual", "v1", "mara")
    assert json.loads(told.pop(fired["trigger_id"])) == fired
    assert told == expected
    assert {json.loads(request)["policy"] for request in told.values()} == {"worse", "fresh"}
    listed = [json.loads(line) for line in command("--model", "flights", "--json").splitlines()]
    assert [one["trigger_id"] for one in listed[:1]] == [fired["trigger_id"]]
    assert [one["requested_ms"] for one in listed] == sorted((one["requested_ms"] for one in listed), reverse=True)
    assert "policies wait until 2013-07-13 00:00 UTC" in command("--model", "flights")

    dry = command("dry-run", "--model", "fraud", "--json").splitlines()
    assert {json.loads(line)["trigger_id"]: line.encode() for line in dry} == _expected(other, streams["fraud"])
    (tmp_path / "strict.yaml").write_text(
        "model: fraud\nretraining:\n- {name: any, kind: performance, metric: accuracy, below: 0.75, cooldown: 20d}\n"
    )
    shown = command("dry-run", "--model", "fraud", "-f", "strict.yaml", "--since", "2013-07-10").splitlines()
    assert len(shown) == 2
    assert shown[0].startswith("any (performance) would have fired on 2013-07-24 01:00 UTC for fraud v1: Accuracy of")
