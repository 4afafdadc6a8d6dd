"""Retraining under kill -9 in every stage: each run ends as it would have without, once, and tells so.

DRIFTLINE_CHAOS_FAULTS makes more of them; DRIFTLINE_CHAOS_SEED others.
"""

import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.clock import SystemClock
from runtime.registry import Registry, RegistrySettings, RunView, runs_of
from runtime.settings import KafkaSettings
from schemas.base import Record
from schemas.model_event import ModelEvent
from tests.chaos.harness import CLOCK, Workers, read, sure_producer
from tests.integration.drift.services import apply
from tests.integration.retraining.stream import MODEL, MONITOR, VERSION, baseline, events, produce, request

FAULTS = int(os.environ.get("DRIFTLINE_CHAOS_FAULTS", "6"))
SEED = int(os.environ.get("DRIFTLINE_CHAOS_SEED", "1"))
Moment = Callable[[RunView], bool]
MOMENTS: dict[str, Moment] = {
    "opened": lambda run: run.stands.step == "started",
    "planned": lambda run: "plan" in run.products,
    "read": lambda run: "rows:holdout" in run.products,
    "judged": lambda run: run.stands.step == "data_gate",
    "trained": lambda run: run.stands.step == "trained",
    "candidate": lambda run: run.stands.step == "candidate",
}
"""When the service is killed, or up to .3 s later: in the middle of the stage that follows."""
STEPS = ["started", "data_gate", "trained", "model_gate", "candidate"]
PATIENCE_S = 180.0


def ended(run: RunView) -> bool:
    """Its candidate is there, or it failed."""
    return run.stands.step in {"candidate", "failed", "retired"}


def test_runs_under_kill_9(settings: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run is answered from the same rows, so all end with the bytes that the first, undisturbed, ended with."""
    rng, now_ms = random.Random(SEED), SystemClock().wall_ms()
    monkeypatch.setenv("DRIFTLINE_TRAINERS", "slow=tests.integration.retraining.rate_trainer:SlowRateTrainer")
    registered = RegistrySettings.under(tmp_path)
    environment = registered.environment() | {"DRIFTLINE_SLOT": "0", "DRIFTLINE_DATA_DIR": str(tmp_path / "state")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    Registry.opened(registered).engine.dispose()
    limits = MONITOR.training.limits.model_copy(update={"attempts": 10})
    training = MONITOR.training.model_copy(update={"trainer": "slow", "limits": limits})
    produce(settings, events(now_ms))
    apply(settings, "monitors", MODEL, MONITOR.model_copy(update={"training": training}))
    apply(settings, "baselines", f"{MODEL}/{VERSION}", baseline())
    workers = Workers(
        lambda _: [sys.executable, "-m", "services.retraining"], ["0"], settings, tmp_path / "service.log"
    )
    policies = ["undisturbed", *(f"{moment}-{number}" for number, moment in enumerate(chosen(rng)))]
    try:
        for policy in policies:
            write(settings, request(policy, now_ms))
            moment = MOMENTS.get(policy.partition("-")[0])
            if moment is not None:
                wait_until(workers, lambda moment=moment, policy=policy: seen(registered, policy, moment))
                workers.wait(rng.uniform(0.0, 0.3))
                workers.kill("0")
            wait_until(workers, lambda policy=policy: seen(registered, policy, ended))
        wait_until(workers, lambda: len(told(settings)) == sum(len(run.steps) for run in runs(registered).values()))
        assert workers.drain() == [0], (tmp_path / "service.log").read_text()[-3_000:]
    finally:
        workers.end()
    found = runs(registered)
    assert sorted(found) == sorted(policies)
    first = found["undisturbed"]
    for run in found.values():
        assert [step.step for step in run.steps if step.step != "retired"] == STEPS, run.stands.detail
        assert pinned_to_the_same(first, run)
    every = told(settings)
    assert {len(values) for values in every.values()} == {1}, "a step was told twice, with other bytes"
    assert set(every) == {(run.run_id, step.step) for run in found.values() for step in run.steps}
    with Registry.for_reading(registered) as registry:
        assert not registry.verify()


def pinned_to_the_same(first: RunView, run: RunView) -> bool:
    """Rows, candidates and choice are the same bytes."""
    names = [name for name in first.products if name.startswith(("rows:", "candidate:"))]
    return len(names) == 6 and all(run.products[name] == first.products[name] for name in [*names, "chosen"])


def write(settings: KafkaSettings, record: Record) -> None:
    producer = sure_producer(settings, partitioner="murmur2_random")
    producer.produce(settings.topic("retraining.requests"), record.to_json(), MODEL.encode())
    assert producer.flush(30) == 0


def runs(registered: RegistrySettings) -> dict[str, RunView]:
    with Registry.for_reading(registered) as registry, registry.reading() as session:
        return {run.policy: run for run in runs_of(session)}


def told(settings: KafkaSettings) -> dict[tuple[str, str], set[bytes]]:
    """What was told of each step."""
    found: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for _, _, value in read(settings, "model.events"):
        event = ModelEvent.model_validate_json(value)
        found[event.run_id, event.step].add(value)
    return found


def chosen(rng: random.Random) -> list[str]:
    """Every moment once, then any."""
    names = list(MOMENTS)
    return names[:FAULTS] + [rng.choice(names) for _ in range(FAULTS - len(names))]


def seen(registered: RegistrySettings, policy: str, moment: Moment) -> bool:
    """Whether a run is as far as that, or further."""
    run = runs(registered).get(policy)
    return run is not None and (moment(run) or ended(run))


def wait_until(workers: Workers, holds: Callable[[], bool]) -> None:
    """Tends the workers meanwhile."""
    until_s = CLOCK.monotonic() + PATIENCE_S
    while not holds():
        assert CLOCK.monotonic() < until_s, "it did not come about in time"
        workers.wait(0.05)
