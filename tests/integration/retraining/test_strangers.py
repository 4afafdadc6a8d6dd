"""Two services on one registry of PostgreSQL, and records that nobody expects."""

from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Producer

from runtime.clock import SystemClock
from runtime.log.partitioning import partition_of
from runtime.registry import Registry, RegistrySettings
from runtime.settings import KafkaSettings
from schemas.dead_letter import DeadLetter
from schemas.topics import TOPICS
from tests.chaos.harness import read
from tests.integration.drift.services import apply, running, wait_for
from tests.integration.registry.postgres import running as postgres
from tests.integration.retraining.stream import MODEL, MONITOR, baseline, events, produce, request
from tests.integration.retraining.test_service import TRAINERS, decision, runs, stands

ODD = "../../" + "é" * 200
UNREADABLE = (b"\xff\x00{", b"", None, b"[" * 500_000, b'{"schema": "driftline.approval/1"}')
UNKNOWN = 20


def test_two_slots_share_a_registry_and_outlive_whatever_is_written_to_their_topics(
    settings: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's id that is no file's name, decisions before there is anything to decide, requests for unknown models."""
    now_ms = SystemClock().wall_ms()
    producer = Producer(settings.client(partitioner="murmur2_random"))

    def put(topic: str, value: bytes | None, model: str = MODEL) -> None:
        producer.produce(settings.topic(topic), value, model.encode())

    produce(settings, events(now_ms, 1_500))
    apply(settings, "baselines", f"{MODEL}/1", baseline())
    apply(settings, "monitors", MODEL, MONITOR)
    with postgres() as server:
        own = RegistrySettings(url=server.database(), artifacts=str(tmp_path / "artifacts"))
        for name, value in (own.environment() | {"DRIFTLINE_TRAINERS": TRAINERS}).items():
            monkeypatch.setenv(name, value)
        Registry.opened(own).engine.dispose()
        with running(settings, tmp_path, "one:0", "two:1", service="services.retraining") as services:
            for value in UNREADABLE:
                put("approvals", value)
            put("retraining.requests", request("odd", now_ms, trigger_id=ODD).to_json())
            for number in range(100):
                put("retraining.requests", request(f"{number}", now_ms).to_json())
            unknown = [f"unknown-{number}" for number in range(UNKNOWN)]
            for model in unknown:
                put("retraining.requests", request(model, now_ms, model=model, kind="manual").to_json(), model)
            assert producer.flush(30) == 0
            wait_for(lambda: "odd" in runs(own), services)
            guessed = runs(own)["odd"].model_copy(update={"version": "2", "artifact_digest": "sha256:0"})
            early = decision(guessed, now_ms, actor="mara")
            put("approvals", early.to_json())
            put("approvals", early.model_copy(update={"run_id": "nobody"}).to_json())
            assert producer.flush(30) == 0
            wait_for(partial(stands, own, "odd", "candidate", "failed"), services)
            for model in unknown:
                wait_for(partial(stands, own, model, "failed"), services)
            wait_for(lambda: bool(runs(own)["odd"].refusals), services)
        found = runs(own)
        with Registry.for_reading(own) as registry:
            assert not registry.verify()
    assert found["odd"].stands.step == "candidate", found["odd"].stands.detail
    assert all("Next step: see that producers write to it" in found[model].stands.detail for model in unknown)
    assert [refused.actor for refused in found["odd"].refusals] == ["mara"]
    letters = [DeadLetter.model_validate_json(value) for _, _, value in read(settings, "dead-letters")]
    assert sorted(letter.reason for letter in letters) == ["MALFORMED"] * 4 + ["SCHEMA"]
    slots = {partition_of(model.encode(), TOPICS["retraining.requests"].partitions) for model in unknown}
    assert len(slots) > 1, "all models belong to one slot: take more of them"
