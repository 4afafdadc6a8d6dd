"""`services.retraining` on a real broker: requests, candidates, decisions, and what it tells of them."""

from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Producer

from runtime.clock import SystemClock
from runtime.registry import Registry, RegistrySettings, RunView, card_of, runs_of
from runtime.settings import KafkaSettings
from schemas.approval import Approval
from schemas.base import Record
from schemas.baseline import Baseline
from schemas.comparison import Comparison
from schemas.model_event import ModelEvent
from services.retraining.mirroring.connection import connect
from services.retraining.mirroring.found import find
from tests.chaos.harness import read
from tests.integration.drift.services import apply, running, wait_for
from tests.integration.retraining.stream import (
    DAY_MS,
    MODEL,
    MONITOR,
    VERSION,
    baseline,
    events,
    produce,
    request,
)

TRAINERS = "rates=tests.integration.retraining.rate_trainer:RateTrainer"


@pytest.fixture
def registry_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistrySettings:
    """Of the service that the test runs, too."""
    monkeypatch.setenv("DRIFTLINE_TRAINERS", TRAINERS)
    settings = RegistrySettings.under(tmp_path)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    Registry.opened(settings).engine.dispose()
    return settings


def write(settings: KafkaSettings, topic: str, *records: Record) -> None:
    producer = Producer(settings.client(partitioner="murmur2_random"))
    for record in records:
        producer.produce(settings.topic(topic), record.to_json(), MODEL.encode())
    assert producer.flush(30) == 0


def runs(settings: RegistrySettings) -> dict[str, RunView]:
    """By policy."""
    with Registry.for_reading(settings) as registry, registry.reading() as session:
        return {run.policy: run for run in runs_of(session)}


def stands(settings: RegistrySettings, policy: str, *steps: str) -> bool:
    found = runs(settings).get(policy)
    return found is not None and found.stands.step in steps


def told(settings: KafkaSettings) -> list[ModelEvent]:
    return [ModelEvent.model_validate_json(value) for _, _, value in read(settings, "model.events")]


def challenger(uri: str) -> dict[str, str] | None:
    """The tags of the version that MLflow calls so."""
    found = find(connect(uri), MODEL)
    number = found.aliases.get("challenger")
    return next((dict(version.tags) for version in found.versions if version.number == number), None)


def test_a_request_becomes_a_candidate_that_a_person_approves(
    settings: KafkaSettings, registry_settings: RegistrySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms, mlflow = SystemClock().wall_ms(), f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("DRIFTLINE_MLFLOW_URI", mlflow)
    produce(settings, events(now_ms))
    apply(settings, "baselines", f"{MODEL}/{VERSION}", baseline())
    apply(settings, "monitors", MODEL, MONITOR)
    with running(settings, tmp_path, "retraining", service="services.retraining"):
        first, second = request("accuracy", now_ms), request("drift", now_ms + 1)
        write(settings, "retraining.requests", first, second, first)
        wait_for(lambda: stands(registry_settings, "accuracy", "candidate", "failed"))
        run = runs(registry_settings)["accuracy"]
        assert run.stands.step == "candidate", run.stands.detail
        write(settings, "approvals", decision(run, now_ms, actor="triggers"), decision(run, now_ms, actor="mara"))
        wait_for(lambda: stands(registry_settings, "accuracy", "approved"))
        wait_for(lambda: [event.step for event in told(settings)][-1:] == ["approved"])
        wait_for(lambda: (challenger(mlflow) or {}).get("driftline.state") == "approved")
    run = runs(registry_settings)["accuracy"]
    assert [joined.policy for joined in run.joined] == ["drift"]
    assert [refused.actor for refused in run.refusals] == ["triggers"]
    steps = ["started", "data_gate", "trained", "model_gate", "candidate", "approved"]
    assert [step.step for step in run.steps] == steps
    assert [event.step for event in told(settings)] == steps
    assert {event.version for event in told(settings)} == {run.version}
    candidate = next(event for event in told(settings) if event.step == "candidate")
    assert candidate.artifact_digest == run.artifact_digest == run.products["candidate:plan"]
    assert candidate.metrics["log_loss"] < 0.65
    _, made = [Baseline.model_validate_json(value) for _, _, value in read(settings, "baselines")]
    assert (made.model, made.version) == (MODEL, run.version)
    assert made.outcomes is not None
    with Registry.for_reading(registry_settings) as registry, registry.reading() as session:
        comparison = Comparison.model_validate_json(registry.artifacts.read(run.products["comparison"]))
        card = card_of(session, MODEL, run.version or "")
        assert not registry.verify()
    assert {part.role: part.rows for part in comparison.parts} == {
        "training": 1_950, "validation": 450, "holdout": 600, "cases": 1,
    }  # fmt: skip
    assert [tried.name for tried in comparison.tried if tried.chosen] == ["plan"]
    assert "approved by" in card.model_details.known


def decision(run: RunView, now_ms: int, actor: str) -> Approval:
    return Approval(
        approval_id=actor,
        run_id=run.run_id,
        model=run.model,
        version=run.version or "",
        artifact_digest=run.artifact_digest or "",
        target=MODEL,
        decision="approve",
        max_weight_bp=5_000,
        actor=actor,
        requester="triggers",
        reason="better by plan",
        time_ms=now_ms,
        expires_ms=now_ms + DAY_MS,
    )


def test_what_is_unfit_is_refused_and_says_why(
    settings: KafkaSettings, registry_settings: RegistrySettings, tmp_path: Path
) -> None:
    """Too few rows end at the data gate; a candidate that breaks a case ends at the model gate."""
    now_ms = SystemClock().wall_ms()
    case = MONITOR.training.cases[0].model_copy(update={"label": "leave"})
    strict = MONITOR.training.model_copy(update={"cases": (case,)})
    greedy = MONITOR.training.data.model_copy(update={"rows": 5_000})
    produce(settings, events(now_ms))
    apply(settings, "baselines", f"{MODEL}/{VERSION}", baseline())
    with running(settings, tmp_path, "retraining", service="services.retraining"):
        for policy, training in {
            "cases": strict,
            "rows": MONITOR.training.model_copy(update={"data": greedy}),
            "nobody": MONITOR.training.model_copy(update={"trainer": "nobody"}),
        }.items():
            apply(settings, "monitors", MODEL, MONITOR.model_copy(update={"training": training}))
            SystemClock().sleep(1.0)
            write(settings, "retraining.requests", request(policy, now_ms))
            wait_for(partial(stands, registry_settings, policy, "failed", "candidate"))
    found = runs(registry_settings)
    assert {policy: run.stands.step for policy, run in found.items()} == dict.fromkeys(found, "failed")
    assert "rule rows" in found["rows"].stands.detail
    assert "5,000" in found["rows"].stands.detail
    assert "regression_cases" in found["cases"].stands.detail
    assert "DRIFTLINE_TRAINERS" in found["nobody"].stands.detail
    assert [rule.rule for rule in found["cases"].gates if not rule.passed] == ["regression_cases"]
    assert len(list(read(settings, "baselines"))) == 1
