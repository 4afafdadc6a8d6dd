"""`services.performance join` on a real broker: what it writes sums to a join in pandas."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from confluent_kafka import Producer

from runtime.cells import unpack
from runtime.child import spawn
from runtime.settings import KafkaSettings
from schemas.ledger import Ledger
from schemas.outcome import Outcome
from services.performance.layouts import layout_of
from tests.chaos.harness import read
from tests.integration.drift.services import ROOT, apply, ledger, running, wait_for
from tests.performance_stream import HORIZON_MS, HOUR_MS, MONITORS, NOW_MS, balance, label, prediction

EVENTS = 3_000
MONITOR = MONITORS["binary"]


def stream(rng: random.Random, now_ms: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A day of predictions, some sent twice; labels in any order: some twice, corrected, too late, or of nobody."""
    predictions, labels = [], []
    for number in range(EVENTS):
        time_ms = now_ms - rng.randrange(24 * HOUR_MS) - HORIZON_MS - 1_000
        predictions += [prediction(number, time_ms)] * rng.choice([1] * 9 + [2])
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            delay_ms = rng.choice([0, 60_000, HOUR_MS, HORIZON_MS, HORIZON_MS + 1])
            labels += [label(number, time_ms + delay_ms, rng.choice(["stay", "leave"]))] * rng.choice([1] * 9 + [2])
    labels += [label(EVENTS + number, now_ms, "stay") for number in range(50)]
    rng.shuffle(predictions)
    rng.shuffle(labels)
    return predictions, labels


def produce(settings: KafkaSettings, topic: str, events: list[dict[str, Any]]) -> None:
    """Half of the ids by Java's partitioner, the others by librdkafka's own."""
    both = [Producer(settings.client(partitioner=name)) for name in ("murmur2", "consistent")]
    for event in events:
        key = event["prediction_id"].encode()
        both[len(key) % 2].produce(settings.topic(topic), json.dumps(event), key)
        both[0].poll(0)
    assert [producer.flush(30) for producer in both] == [0, 0]


def joined(predictions: list[dict[str, Any]], labels: list[dict[str, Any]]) -> pd.DataFrame:
    """One row an id, with the label that was written last of those within the horizon."""
    made = pd.DataFrame(predictions).drop_duplicates("prediction_id")
    told = pd.DataFrame(labels)[["prediction_id", "label", "time_ms"]]
    both = told.merge(made, on="prediction_id", suffixes=("_label", ""))
    both = both[both["time_ms_label"] - both["time_ms"] <= HORIZON_MS]
    last = both.groupby("prediction_id")[["label"]].last()
    return made.set_index("prediction_id").join(last)


def outcomes(settings: KafkaSettings) -> list[Outcome]:
    values = [value for _, _, value in read(settings, "outcomes")]
    return [Outcome.model_validate_json(value) for value in values if b"driftline.outcome" in value]


def accounts(settings: KafkaSettings, topic: str) -> list[Ledger]:
    return [account for account in ledger(settings) if account.source.topic == topic]


@contextmanager
def doomed(settings: KafkaSettings, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Slot 0, killed when the block ends."""
    own = {"DRIFTLINE_SLOT": "0", "DRIFTLINE_DATA_DIR": str(directory / "join:0")}
    with (directory / "killed.log").open("wb") as log:
        command = [sys.executable, "-m", "services.performance", "join"]
        process = spawn(command, env=os.environ | settings.environment() | own, cwd=ROOT, output=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_outcomes_are_those_of_a_join_in_pandas(settings: KafkaSettings, tmp_path: Path) -> None:
    """Labels first for half of the stream, two partitioners, two processes of which one is killed and its disk lost."""
    apply(settings, "monitors", "binary", MONITOR)
    predictions, labels = stream(random.Random(4), NOW_MS)
    half = len(predictions) // 2
    disk = tmp_path / "join:0" / "join"

    def something_to_lose() -> bool:
        """Whether some of what was committed is of a partition that slot 0 has on its disk."""
        stores = {int(store.name) for store in disk.glob("*")}
        return any(one.events and one.source.partition in stores for one in accounts(settings, "predictions"))

    def settled() -> bool:
        judged = sum(account.events - account.moved for account in accounts(settings, "predictions"))
        told = sum(account.events - account.moved for account in accounts(settings, "labels"))
        return (judged, told) == (len(predictions), len(labels))

    with (
        running(settings, tmp_path, "join:1", service="services.performance") as other,
        doomed(settings, tmp_path) as killed,
    ):
        produce(settings, "labels", labels[: len(labels) // 2])
        produce(settings, "predictions", predictions[:half])
        wait_for(something_to_lose, [*other, killed])
    shutil.rmtree(disk)
    with running(settings, tmp_path, "join:0", "join:1", service="services.performance") as both:
        produce(settings, "predictions", predictions[half:])
        produce(settings, "labels", labels[len(labels) // 2 :])
        wait_for(lambda: settled() and "replayed" in (tmp_path / "services.log").read_text(), both)
    layout = layout_of(None, MONITOR)
    assert layout is not None
    found: dict[int, Any] = {}
    pairs: dict[int, int] = {}
    for outcome in outcomes(settings):
        for part in outcome.slices:
            if outcome.by == "prediction_time" and not part.segment:
                found[part.start_ms] = found.get(part.start_ms, 0) + unpack(part.cells)
                pairs[part.start_ms] = pairs.get(part.start_ms, 0) + part.n
    table = joined(predictions, labels)
    table["pane"] = table["time_ms"] // HOUR_MS * HOUR_MS
    assert pairs == table.groupby("pane")["label"].count().to_dict()
    for pane, rows in table.groupby("pane"):
        cells = found[int(str(pane))]
        assert layout.part(cells, "made") == len(rows)
        confusion = pd.crosstab(rows["label"], rows["prediction"]).reindex(
            index=layout.classes, columns=layout.classes, fill_value=0
        )
        assert layout.part(cells, "confusion")[:2, :2].tolist() == confusion.to_numpy().tolist()
    assert {balance(account) for account in ledger(settings)} == {0}
    assert sum(account.moved for account in accounts(settings, "labels")) > 0
    waiting = sum(account.waiting for account in accounts(settings, "labels"))
    unlabelled = {event["prediction_id"] for event in labels} - {event["prediction_id"] for event in predictions}
    assert waiting + sum(account.dead.get("ORPHAN", 0) for account in accounts(settings, "labels")) >= len(unlabelled)
