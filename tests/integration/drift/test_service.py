"""The service on a real broker, in the ways producers really write."""

import json
from collections import Counter
from pathlib import Path

from confluent_kafka import Producer

from runtime.decode.arrow import encode_arrow
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from schemas.windowing import WindowSpec
from tests.drift_stream import T0, baseline, event
from tests.integration.drift.services import apply, ledger, running, wait_for, windows
from tests.on_kafka import committed_records

HOUR_MS = 3_600_000
MONITOR = Monitor(
    model="m", windows=(WindowSpec(size=HOUR_MS),), lateness=60_000, idle=2_000, learn=500, horizon=86_400_000
)


def test_json_arrow_and_cloud_events_count_alike(settings: KafkaSettings, tmp_path: Path) -> None:
    """Three encodings of the same predictions on one topic give one window with three times the events."""
    apply(settings, "monitors", "m", MONITOR)
    apply(settings, "baselines", "m/1", baseline())
    producer, topic = Producer(settings.client()), settings.topic("predictions")
    events = [event(i, T0 + i * 1_000) for i in range(300)]
    for body in events:
        key = body["prediction_id"].encode()
        attributes = {"specversion": "1.0", "id": body["prediction_id"], "source": "/m", "type": "prediction"}
        producer.produce(topic, json.dumps(body), key)
        producer.produce(
            topic,
            json.dumps(attributes | {"data": body}),
            key,
            headers=[("content-type", b"application/cloudevents+json")],
        )
    rows = [Prediction.model_validate_json(json.dumps(body)) for body in events]
    headers = [("content-type", b"application/vnd.apache.arrow.stream")]
    producer.produce(topic, encode_arrow(rows), b"batch", headers=headers)
    assert producer.flush(30) == 0
    with running(settings, tmp_path, "fold", "windows") as both:
        wait_for(lambda: [w.n for w in windows(settings) if w.final] == [900], both)
    (window,) = windows(settings)
    assert window.violations == {}
    x = [body["features"]["x"] for body in events]
    assert window.features["x"].mean is not None
    assert abs(window.features["x"].mean - sum(x) / len(x)) < 1e-4
    assert window.prediction is not None
    assert window.prediction.n == 900


def test_versions_segments_and_an_unknown_model_at_once(settings: KafkaSettings, tmp_path: Path) -> None:
    """Two slots share the partitions; the model without a baseline is watched all the same, and one is learned.

    What was learned is surely used by processes that start when it is there.
    """
    apply(settings, "monitors", "m", MONITOR)
    apply(settings, "baselines", "m/1", baseline())
    apply(settings, "monitors", "new", MONITOR.model_copy(update={"model": "new"}))
    producer, topic = Producer(settings.client()), settings.topic("predictions")

    def produce(first: int, count: int) -> None:
        for i in range(first, first + count):
            for model in ("m", "new"):
                body = event(i, T0 + i * 2_000, model=model, version=str(1 + i % 2), segments={"region": "ab"[i % 2]})
                body["prediction_id"] += model
                producer.produce(topic, json.dumps(body), body["prediction_id"].encode())
        assert producer.flush(30) == 0

    with running(settings, tmp_path, "windows") as tier:
        produce(0, 1_500)
        with running(settings, tmp_path, "fold:0", "fold:1") as folds:
            wait_for(lambda: _counted(settings) >= 3_000, [*tier, *folds])
            wait_for(lambda: _learned(settings) >= {b"new/1", b"new/2"}, tier)
        produce(1_500, 1_500)
        with running(settings, tmp_path, "fold:0", "fold:1") as folds:
            wait_for(lambda: _counted(settings) >= 6_000, [*tier, *folds])
            wait_for(lambda: sum(w.n for w in windows(settings) if w.final and not w.segment) == 6_000, tier)
    found = windows(settings)
    by_place = Counter[tuple[str, str, str]]()
    for window in found:
        by_place[window.model, window.version, window.segment] += window.n
    assert by_place == {
        (model, version, segment): 1_500
        for model in ("m", "new")
        for version, region in (("1", "region=a"), ("2", "region=b"))
        for segment in ("", region)
    }
    learned = [w for w in found if w.model == "new" and w.baseline_digest]
    assert learned
    assert {"x", "c"} <= set(learned[0].features)


def _learned(settings: KafkaSettings) -> set[bytes]:
    """Keys of the baselines on their topic."""
    return {message.key() or b"" for message in committed_records(settings, settings.topic("baselines"))}


def _counted(settings: KafkaSettings) -> int:
    return sum(sum(account.counted.values()) for account in ledger(settings))
