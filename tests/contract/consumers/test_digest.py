"""Every consumer that exists digests every example of the topics it reads."""

import pytest

from driftline import accounts, reading
from runtime.clock import ManualClock
from runtime.faust.projection import Event, Rows
from runtime.follower import FixedFollower
from runtime.log.memory_broker import MemoryMessage
from runtime.log.protocol import Batch
from runtime.metrics import Metrics
from runtime.watched import Watched
from schemas.alert import Alert
from schemas.base import SourceRange
from schemas.baseline import Baseline
from schemas.examples import examples
from schemas.ledger import Ledger
from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow
from schemas.prediction import Prediction
from schemas.retraining import RetrainingRequest, RetrainingSnooze
from schemas.topics import TOPICS
from schemas.window import Window
from services.drift.fold.handler import FoldHandler
from services.drift.reference import reference_of
from services.drift.windows.handler import WindowsHandler
from services.drift.windows.publishing import Publisher
from stats.layout import Layout

COMMAND_LINE = {
    "windows": (Window, PerformanceWindow),
    "alerts": (Alert,),
    "retraining.requests": (RetrainingRequest,),
    "retraining.controls": (RetrainingSnooze,),
    "ledger": (Ledger,),
    "dead-letters": (accounts._DeadLetter,),
}
"""What `driftline` reads, and as what: each record is passed over by all readers but one."""


def watched() -> Watched:
    """All monitors and baselines of the examples, applied."""
    monitors = [Monitor.model_validate_json(value) for value in examples("monitors")]
    baselines = [Baseline.model_validate_json(value) for value in examples("baselines")]
    return Watched(
        FixedFollower({monitor.model: monitor for monitor in monitors}),
        FixedFollower({f"{baseline.model}/{baseline.version}": baseline for baseline in baselines}),
        ManualClock(),
    )


def test_drift_fold_counts_every_prediction() -> None:
    records = []
    for offset, value in enumerate(examples("predictions")):
        body = Prediction.model_validate_json(value)
        key, stamp_ms = body.prediction_id.encode(), body.time_ms
        records.append(MemoryMessage(value, key=key, offset=offset, timestamp_ms=stamp_ms))
    source = SourceRange(topic="predictions", topic_id="T", partition=0, partitions=1, start=0, end=len(records))
    out = FoldHandler(watched(), 1).fold(Batch(records, {0: source}, frozenset()), records[0].timestamp()[1])
    assert [record for record in out if record.topic == "dead-letters"] == []
    (account,) = (Ledger.model_validate_json(record.value) for record in out if record.topic == "ledger")
    assert sum(account.counted.values()) == len(records)


@pytest.mark.parametrize("value", examples("baselines"))
def test_drift_lays_out_every_baseline(value: bytes) -> None:
    baseline = Baseline.model_validate_json(value)
    layout = Layout(reference_of(baseline))
    assert layout.digest == baseline.digest
    assert layout.reference_cells.size == layout.size


@pytest.mark.parametrize("value", examples("profiles"))
def test_drift_windows_takes_every_profile_and_mark(value: bytes) -> None:
    applied, metrics = watched(), Metrics("drift-windows")
    handler = WindowsHandler(applied, Publisher(applied, 4, metrics), lambda *_: (), metrics)
    assert handler.handle(Event("profiles", 0, 0, b"", value, 0), Rows(0, 1)).writes


@pytest.mark.parametrize("topic", COMMAND_LINE)
def test_the_command_line_reads_every_record(topic: str) -> None:
    assert "driftline" in TOPICS[topic].consumers
    read = [
        model.model_validate_json(value)
        for value in examples(topic)
        for model in COMMAND_LINE[topic]
        if not reading.is_other(topic, model, value)
    ]
    assert len(read) == len(examples(topic)) >= 3
