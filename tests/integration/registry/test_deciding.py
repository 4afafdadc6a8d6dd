"""`driftline approve` and `driftline reject` with a real Kafka: one record a decision, and what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from driftline import reading
from driftline.deciding import TOPIC, Decided, Terms, decide
from driftline.reading import Tail
from runtime.admin import describe
from runtime.clock import Clock, SystemClock
from runtime.log.partitioning import partition_of
from runtime.registry import Registry, RegistrySettings, Stamp, advance_run, record_refusal, run_view
from runtime.settings import KafkaSettings
from schemas.approval import Approval
from services.retraining.deciding import decide as taken_up
from tests.unit.registry.story import MODEL, NEW, RUN, live

DAY_MS = 86_400_000


@pytest.fixture
def data_dir(tmp_path: Path, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a candidate that waits, and the test's Kafka in the environment."""
    for name in ("DRIFTLINE_REGISTRY_URL", "DRIFTLINE_REGISTRY_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    with Registry.opened(RegistrySettings.under(tmp_path)) as registry:
        live(registry, until=14)
    return tmp_path


@contextmanager
def service(data_dir: Path, settings: KafkaSettings) -> Iterator[None]:
    """Takes decisions up as the retraining service does."""
    stop = Event()

    def work() -> None:
        tail = Tail(settings, [TOPIC])
        with Registry.opened(RegistrySettings.under(data_dir)) as registry:
            while not stop.is_set():
                for _, message in tail.poll(0.1):
                    approval = Approval.model_validate_json(message.value() or b"")
                    with registry.writing() as session:
                        taken_up(session, Stamp("retraining", SystemClock().wall_ms()), approval)
        tail.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def said(data_dir: Path, wait_s: float = 15.0, clock: Clock | None = None, **changes: Any) -> Decided:
    fields: dict[str, Any] = {"decision": "approve", "actor": "mara@example.org", "reason": "better everywhere"}
    clock = clock or SystemClock()
    terms = Terms(**(fields | {"expires_ms": clock.wall_ms() + DAY_MS, "max_weight_bp": 1_000} | changes))
    return decide(data_dir, NEW, terms, clock, wait_s)


def on_topic(settings: KafkaSettings) -> list[Any]:
    return list(reading.read(settings, TOPIC, Approval))


def test_a_decision_is_written_once_and_told_when_it_is_recorded(data_dir: Path, settings: KafkaSettings) -> None:
    with service(data_dir, settings):
        first = said(data_dir)
        again = said(data_dir, actor="MARA@example.org ")
    assert (first.outcome, again.outcome) == ("recorded", "known")
    assert str(first) == f"{MODEL} {NEW} is approved for up to 10 % of flights by mara@example.org."
    (entry,) = on_topic(settings)
    assert (entry.record, entry.key) == (first.approval, MODEL)
    assert entry.partition == partition_of(MODEL.encode(), describe(settings, [TOPIC])[TOPIC].partitions)
    with Registry.for_reading(RegistrySettings.under(data_dir)) as registry, registry.reading() as session:
        view = run_view(session, RUN)
    assert (view.stands.step, view.approvals) == ("approved", (first.approval,))
    assert view.approvals[0].requester == "triggers"


def test_with_the_service_down_a_decision_waits_on_the_topic_once(data_dir: Path, settings: KafkaSettings) -> None:
    first = said(data_dir, wait_s=0.3)
    again = said(data_dir, wait_s=0.0, reason="said again, in other words")
    assert (first.outcome, again.outcome) == ("waits", "waits")
    assert "is taken up as soon as the retraining service runs" in str(first)
    assert [entry.record for entry in on_topic(settings)] == [first.approval] == [again.approval]
    with service(data_dir, settings):
        assert said(data_dir).outcome in {"recorded", "known"}
    assert len(on_topic(settings)) == 1


def test_a_decision_that_the_service_refuses_is_told(data_dir: Path, settings: KafkaSettings) -> None:
    """The candidate is retired after the command has looked, and before the service does."""
    clock = SystemClock()

    class Overtaken(SystemClock):
        def sleep(self, seconds: float) -> None:
            with Registry.opened(RegistrySettings.under(data_dir)) as registry, registry.writing() as session:
                advance_run(session, Stamp("retraining", clock.wall_ms()), RUN, "retired")
                taken_up(session, Stamp("retraining", clock.wall_ms()), on_topic(settings)[0].record)
            super().sleep(seconds)

    refused = said(data_dir, clock=Overtaken())
    assert refused.outcome == "refused"
    assert refused.why == f"{MODEL} {NEW} cannot be decided on: its run stands at retired."
    assert str(refused) == f"The service refused the decision on {MODEL} {NEW}: {refused.why}"


def test_a_decision_that_was_refused_can_be_made_again(data_dir: Path, settings: KafkaSettings) -> None:
    """A refusal is of one record; the next is another, though its id is the same."""
    first = said(data_dir, wait_s=0.0)
    with Registry.opened(RegistrySettings.under(data_dir)) as registry, registry.writing() as session:
        record_refusal(session, Stamp("retraining", first.approval.time_ms), first.approval, "too early")
    again = said(data_dir, wait_s=0.0)
    assert again.outcome == "waits"
    assert again.approval.approval_id == first.approval.approval_id
    assert [entry.record for entry in on_topic(settings)] == [first.approval, again.approval]


def test_a_rejection_needs_no_other_person(data_dir: Path, settings: KafkaSettings) -> None:
    with service(data_dir, settings):
        rejected = said(data_dir, decision="reject", actor="triggers", max_weight_bp=0)
    assert str(rejected) == f"{MODEL} {NEW} is rejected by triggers."
