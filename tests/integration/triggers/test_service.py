"""The service on a real broker: windows in, alerts out, killed in between."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from driftline import explain
from runtime.admin import end_offsets
from runtime.clock import SystemClock
from runtime.log.partitioning import partition_of
from runtime.settings import KafkaSettings
from schemas.alert import Alert
from schemas.monitor import Detector, Monitor, Severity, Threshold
from schemas.performance import ConceptDetector, Fairness, Performance, Protected
from schemas.performance_window import PerformanceWindow
from schemas.window import ColumnWindow, Detection, Finding, Latency, Side, Window
from schemas.windowing import WindowSpec
from services.triggers.handler import handle
from services.triggers.series import AnyWindow
from tests.ending import asked_to_end
from tests.unit.triggers import labelled

pytestmark = pytest.mark.kafka

DAY_MS = 86_400_000
FIRST_MS = 1_372_636_800_000
MODELS = ("flights", "fraud", "churn", "prices")
PATIENCE_S = 60.0
MONITOR = Monitor(
    model="flights",
    pane=3_600_000,
    windows=(WindowSpec(size=DAY_MS),),
    thresholds=(Threshold(name="mine", metric="psi", above=0.3, page=0.5),),
    detector=Detector(resolve_after=2),
    performance=Performance(
        detector=ConceptDetector(resolve_after=2), fairness=Fairness(protected=(Protected(name="carrier"),))
    ),
)

Told = dict[tuple[str, int], bytes]
"""What was said, by alert id and revision."""


def _detection(start_ms: int, severity: Severity | None) -> Detection:
    """A step that found a drift of one feature and of the score, or nothing."""
    found = {"what": "shape", "severity": severity, "log_e": 9.0, "onset_ms": start_ms, "n": 1_000, "effect": 0.1}
    sides = {"reference": Side(mean=12.6, std=5.0), "now": Side(mean=14.1, std=5.0)}
    columns = ("feature/dep_delay", "score/score") if severity else ()
    findings = tuple(Finding(column=column, **found, **sides) for column in columns)
    return Detection(bound=5.5, panes=1, evidence={"feature/dep_delay": 0.2, "score/score": 0.1}, findings=findings)


def _window(model: str, day: int) -> Window:
    """Two days beyond the bounds, two within; further beyond on the second. One model's days are detector's panes."""
    place = (day + len(model)) % 4
    psi = (0.35, 0.6, 0.05, 0.05)[place]
    watched = model == MONITOR.model
    column = ColumnWindow(outcome="ok", n=1_000, psi=psi, psi_adj=psi, kind="numeric", missing_rate=0.0)
    start_ms = FIRST_MS + day * DAY_MS
    return Window(
        window_id=f"{model}/{day}",
        revision=1,
        final=True,
        model=model,
        version="v1",
        segment="",
        start_ms=start_ms,
        end_ms=start_ms + DAY_MS,
        size_ms=DAY_MS,
        pane_ms=3_600_000,
        baseline_digest="d01378bed5c9a52b",
        n=1_000,
        violations={},
        last_ms=start_ms,
        status={"2xx": 1_000},
        latency_ms=Latency(n=0, p50=None, p95=None, p99=None),
        features={"dep_delay": column},
        prediction=None,
        score=None,
        prediction_week=None,
        top_features=("dep_delay",),
        watching="watching" if watched else "learning",
        detection=_detection(start_ms, ("message", "page", None, None)[place]) if watched else None,
    )


def _labelled(day: int) -> list[PerformanceWindow]:
    """A day of cohorts and an hour of labels of the model watched: two of four are bad, and unfair."""
    bad = day % 4 < 2
    unfair = (labelled.compared(*["impact_ratio"] * bad),)
    learned = labelled.pane(day, *[labelled.found()] * bad, concept=labelled.concept(), fairness=unfair)
    return [labelled.window(day, accuracy=0.6 if bad else 0.79), learned]


def _expected(windows: Sequence[AnyWindow]) -> Told:
    """What a service that never ends says of the windows."""
    rows: dict[str, dict[bytes, bytes]] = {model: {} for model in MODELS}
    told: Told = {}
    for window in windows:
        decision = handle(window, MONITOR if window.model == MONITOR.model else None, rows[window.model])
        rows[window.model] |= {key: value for key, value in decision.writes.items() if value is not None}
        told |= {(alert.alert_id, alert.revision): alert.to_json() for alert in decision.alerts}
    return told


def _produce(settings: KafkaSettings, windows: Sequence[AnyWindow], partitions: int) -> None:
    producer = Producer(settings.client())
    for window in windows:
        place = partition_of(window.model.encode(), partitions)
        producer.produce(settings.topic("windows"), window.to_json(), window.window_id, partition=place)
    assert producer.flush(PATIENCE_S) == 0


def _dead_letters(settings: KafkaSettings) -> int:
    return sum(end_offsets(settings, ["dead-letters"])["dead-letters"].values())


class Alerts:
    """Reads the topic from its beginning."""

    def __init__(self, settings: KafkaSettings, partitions: int) -> None:
        topic = settings.topic("alerts")
        config = {"group.id": "reader", "enable.auto.commit": False, "isolation.level": "read_committed"}
        self._consumer = Consumer(settings.client(**config))
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        self._partitions = partitions
        self.told: Told = {}
        self.records = 0

    def read_until(self, done: Callable[[], bool]) -> None:
        """Reads on; fails where one alert revision says two things, or is not where its model belongs."""
        deadline_s = SystemClock().monotonic() + PATIENCE_S
        while not done() and SystemClock().monotonic() < deadline_s:
            message = self._consumer.poll(0.2)
            if message is None:
                continue
            assert message.error() is None
            alert = Alert.model_validate_json(message.value() or b"")
            assert message.key() == alert.alert_id.encode()
            assert message.partition() == partition_of(alert.model.encode(), self._partitions)
            said = self.told.setdefault((alert.alert_id, alert.revision), message.value() or b"")
            assert said == message.value()
            self.records += 1
        assert done(), f"only {len(self.told)} alert revisions within {PATIENCE_S} s"


@pytest.fixture
def alerts(settings: KafkaSettings, partitions: int) -> Iterator[Alerts]:
    reader = Alerts(settings, partitions)
    yield reader
    reader._consumer.close()


@pytest.fixture
def _monitor(settings: KafkaSettings) -> None:
    producer = Producer(settings.client())
    producer.produce(settings.topic("monitors"), MONITOR.to_json(), MONITOR.model)
    assert producer.flush(PATIENCE_S) == 0


@pytest.mark.usefixtures("_monitor")
def test_alerts_after_kills_are_those_of_a_service_that_was_never_killed(
    settings: KafkaSettings, partitions: int, alerts: Alerts, service: Any
) -> None:
    """Four models' windows in four parts; the process is killed while it works on each but the last.

    One model has labels, too: all that is told of them stands between what is told of the data.
    """
    windows = [w for day in range(54) for w in (*(_window(model, day) for model in MODELS), *_labelled(day))]
    expected = _expected(windows)
    assert {json.loads(alert)["rule"] for alert in expected.values()} == {
        "mine",
        "drift",
        "detector",
        "accuracy",
        "concept",
        "fairness",
    }
    parts = [windows[at : at + 81] for at in range(0, len(windows), 81)]
    for part in parts[:-1]:
        _produce(settings, part, partitions)
        with service() as process:
            before = alerts.records
            alerts.read_until(lambda before=before: alerts.records > before + 10)
            process.send_signal(signal.SIGKILL)
            process.wait()
    _produce(settings, parts[-1], partitions)
    with service() as process:
        alerts.read_until(lambda: len(alerts.told) >= len(expected))
        assert asked_to_end([process])
        assert process.returncode == 0
    assert alerts.told == expected


def test_what_is_no_window_is_set_aside_and_the_next_one_is_judged(
    settings: KafkaSettings, partitions: int, alerts: Alerts, service: Any
) -> None:
    producer = Producer(settings.client())
    for partition in range(partitions):
        producer.produce(settings.topic("windows"), b"{}", "k", partition=partition)
    assert producer.flush(PATIENCE_S) == 0
    windows = [_window(model, 0) for model in MODELS]
    _produce(settings, windows, partitions)
    expected = _expected(windows)
    assert expected
    with service():
        alerts.read_until(lambda: len(alerts.told) >= len(expected) and _dead_letters(settings) >= partitions)
    assert alerts.told == expected
    assert _dead_letters(settings) == partitions


@pytest.mark.usefixtures("_monitor")
def test_what_the_detector_found_is_told_and_can_be_explained(
    settings: KafkaSettings, partitions: int, alerts: Alerts, service: Any
) -> None:
    """The first days' drift opens, escalates and resolves an incident of the feature and one of the score."""
    windows = [_window(MONITOR.model, day) for day in range(1, 5)]
    _produce(settings, windows, partitions)
    expected = _expected(windows)
    with service():
        alerts.read_until(lambda: len(alerts.told) >= len(expected))
    assert alerts.told == expected
    lives = [Alert.model_validate_json(alert) for alert in expected.values()]
    resolved = [alert for alert in lives if alert.rule == "detector" and alert.state == "resolved"]
    assert {(alert.feature, alert.revision) for alert in resolved} == {("dep_delay", 2), (None, 2)}
    for alert in resolved:
        assert explain.read(settings, alert.alert_id[:12]).alert == alert
