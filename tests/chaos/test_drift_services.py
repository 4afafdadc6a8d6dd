"""The real services under faults: windows equal a recount of the raw topic, the ledger tiles, nothing is lost.

DRIFTLINE_CHAOS_FAULTS=200 makes the long run; DRIFTLINE_CHAOS_SEED another order of faults.
"""

import json
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from driftline import accounts
from driftline.audit import Audit, audit
from runtime.admin import create_topics
from runtime.settings import KafkaSettings
from schemas.monitor import Detector, Monitor
from schemas.window import Window
from schemas.windowing import WindowSpec
from tests.chaos.faults import Arena, inject, without
from tests.chaos.harness import Feeder, Workers, broker_behind_proxy, read
from tests.chaos.proxy import HOST
from tests.drift_stream import T0, baseline, event, seasoned
from tests.integration.drift.services import windows

FAULTS = int(os.environ.get("DRIFTLINE_CHAOS_FAULTS", "22"))
SEED = int(os.environ.get("DRIFTLINE_CHAOS_SEED", "1"))
CATCH_UP_S = 120
STEP_MS = 200
"""Event time runs a hundred times faster than the feeder."""
MINUTE_MS = 60_000
MONITOR = Monitor(
    model="m",
    windows=(WindowSpec(size=5 * MINUTE_MS), WindowSpec(size=30 * MINUTE_MS, slide=5 * MINUTE_MS)),
    lateness=MINUTE_MS,
    horizon=86_400_000,
    idle=3_000,
    detector=Detector(pane=5 * MINUTE_MS),
)
SLOTS = ("fold-0", "fold-1", "windows-0", "triggers-0")
COMMANDS = {
    "fold": ("services.drift", "fold"),
    "windows": ("services.drift", "windows"),
    "triggers": ("services.triggers",),
}


class PredictionFeeder(Feeder):
    """Predictions of two versions and regions, some broken, some with missing features, out of order by a second."""

    sent = 0

    def _feed(self) -> None:
        while not self._stop.wait(0.1):
            for _ in range(round(self._rate * 0.1)):
                number, rng = self.sent, self._random
                self.sent += 1
                body = event(
                    number,
                    T0 + number * STEP_MS + rng.randrange(-1_000, 1_001),
                    version=rng.choice("12"),
                    segments={"region": rng.choice("ab")},
                    status=rng.choice([200, 200, 404, 500]),
                )
                if number % 11 == 0:
                    body["features"]["x"] = None
                if number % 13 == 0:
                    body["score"] = 1.5  # VALUE: counted as a violation, not as an event
                self._producer.produce(self._topic, json.dumps(body), key=body["prediction_id"])
            self._producer.poll(0)


Recount = Mapping[tuple[str, str, int, int], Sequence[dict[str, Any]]]


def recount(settings: KafkaSettings) -> tuple[Recount, Counter[tuple[str, int, int]]]:
    """Every valid event of the raw topic by (version, segment, size, start); broken ones by (version, size, start).

    Of the sliding windows those that end with the newest event's step or before: the others are not published yet.
    """
    found: dict[tuple[str, str, int, int], list[dict[str, Any]]] = defaultdict(list)
    broken: Counter[tuple[str, int, int]] = Counter()
    for _, _, value in read(settings, "predictions"):
        body = json.loads(value)
        for spec in MONITOR.windows:
            first = body["time_ms"] // spec.slide_ms * spec.slide_ms - spec.size + spec.slide_ms
            for start in range(first, first + spec.size, spec.slide_ms):
                if body["score"] > 1:
                    broken[body["version"], spec.size, start] += 1
                else:
                    for segment in ("", f"region={body['segments']['region']}"):
                        found[body["version"], segment, spec.size, start].append(body)
    newest_ms = max(body["time_ms"] for events in found.values() for body in events)
    slides = {spec.size: spec.slide_ms for spec in MONITOR.windows}
    due = {place: events for place, events in found.items() if place[3] + place[2] - slides[place[2]] <= newest_ms}
    return due, broken


def differences(found: Iterable[Window], events: Recount, broken: Counter[tuple[str, int, int]]) -> list[str]:
    """Where windows say anything else than the raw events do."""
    wrong = []
    by_place = {(w.version, w.segment, w.size_ms, w.start_ms): w for w in found}
    for place in sorted({*by_place, *events}):
        window, raw = by_place.get(place), events.get(place, ())
        if window is None:
            wrong.append(f"{place}: {len(raw)} events, no window")
            continue
        x = [body["features"]["x"] for body in raw if body["features"]["x"] is not None]
        status = Counter(f"{body['status'] // 100}xx" for body in raw)
        version, segment, size_ms, start_ms = place
        bad = 0 if segment else broken[version, size_ms, start_ms]
        feature, prediction = window.features.get("x"), window.prediction
        expected = {
            "n": (window.n, len(raw)),
            "status": ({name: n for name, n in window.status.items() if n}, dict(status)),
            "latency n": (window.latency_ms.n, len(raw)),
            "violations": (window.violations.get("VALUE", 0), bad),
            "missing x": (round(feature.missing_rate * window.n) if feature else 0, len(raw) - len(x)),
            "mean x": (round(feature.mean, 4) if feature and feature.mean is not None else None,
                       round(sum(x) / len(x), 4) if x else None),
            "mean prediction": (round(prediction.mean, 4) if prediction and prediction.mean is not None else None,
                                round(sum(body["prediction"] for body in raw) / len(raw), 4) if raw else None),
        }  # fmt: skip
        close = {"mean x", "mean prediction"}
        wrong += [
            f"{place}: {name} is {found}, should be {wanted}"
            for name, (found, wanted) in expected.items()
            if found != wanted and not (name in close and found and wanted and abs(found - wanted) < 2e-4)
        ]
    return wrong


def detector_faults(settings: KafkaSettings) -> list[str]:
    """Panes that were stepped twice, out of order or not at all, and steps that were published in two versions."""
    said: dict[tuple[str, int], set[str]] = defaultdict(set)
    steps: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for _, _, value in read(settings, "windows"):
        window = Window.model_validate_json(value)
        if window.detection is not None:
            said[window.version, window.start_ms].add(window.detection.model_dump_json())
            steps[window.version].add((window.start_ms, window.detection.panes))
    wrong = [f"{place}: {len(bodies)} different steps" for place, bodies in said.items() if len(bodies) > 1]
    for version, panes in steps.items():
        if [number for _, number in sorted(panes)] != list(range(1, len(panes) + 1)):
            wrong.append(f"version {version} stepped {sorted(panes)}")
    return wrong if steps.keys() == {"1", "2"} else [*wrong, f"only versions {sorted(steps)} were stepped"]


def wait_until_balanced(settings: KafkaSettings, workers: Workers) -> Audit:
    """Tends the workers until everything is accounted for, or time is up: what is broken then stays so."""
    found = audit(accounts.read(settings))
    for _ in range(CATCH_UP_S // 3):
        if found.verdict == "balanced":
            break
        workers.wait(3)
        found = audit(accounts.read(settings))
    return found


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.timeout(600 + 30 * FAULTS)
def test_every_window_equals_a_recount_of_the_raw_topic(tmp_path: Path) -> None:
    with broker_behind_proxy(tmp_path / "kafka") as (broker, proxy):
        direct = broker.settings("chaos.")
        create_topics(direct)
        producer = Producer(direct.client())
        producer.produce(direct.topic("monitors"), MONITOR.to_json(), b"m")
        producer.produce(direct.topic("baselines"), seasoned(baseline()).to_json(), b"m/1")
        producer.flush()
        proxied = KafkaSettings(bootstrap_servers=f"{HOST}:{proxy.port}", topic_prefix=direct.topic_prefix)

        def command(slot: str) -> list[str]:
            service, _, number = slot.partition("-")
            own = (f"DRIFTLINE_SLOT={number}", f"DRIFTLINE_DATA_DIR={tmp_path / slot}")
            return ["env", *own, sys.executable, "-m", *COMMANDS[service]]

        workers = Workers(command, SLOTS, proxied, tmp_path / "workers.log")
        try:
            arena = Arena(workers, broker, proxy, random.Random(SEED))
            with PredictionFeeder(direct, "predictions", 4, rate=400, seed=SEED):
                workers.wait(10)
                inject(arena, FAULTS, without("second process in a slot"))
            found = wait_until_balanced(direct, workers)
            codes = workers.drain()
        finally:
            workers.end()
        found_windows = windows(direct)
        wrong = differences(found_windows, *recount(direct)) + detector_faults(direct)
    report = f"{dict(arena.done)} exits {dict(workers.exits)} drained {codes} audit {found}"
    print(report)  # noqa: T201  shown with -s, and when it fails
    log = (tmp_path / "workers.log").read_text()[-20_000:]
    assert not wrong, f"{len(wrong)} differences: {wrong[:10]} {report} {log}"
    assert found.verdict == "balanced", report + log
    assert all(window.final for window in found_windows if window.size_ms == 5 * MINUTE_MS), report
