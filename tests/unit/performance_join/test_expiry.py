"""What the store holds is bounded by the horizon, not by how long the service has run."""

from pathlib import Path

import pytest

from services.performance.join import join
from tests.unit.performance_join.stream import DAY_MS, HOUR_MS, T0, Reader, label, prediction


def keys(reader: Reader) -> int:
    return sum(1 for _ in reader.store.scan(b"", b"\xff"))


def test_the_number_of_keys_stays_level_over_many_horizons(tmp_path: Path) -> None:
    """A prediction every 20 minutes for 60 days; every second is labelled, every tenth label has no prediction."""
    predictions = [prediction(n, T0 + n * HOUR_MS // 3) for n in range(4_320)]
    labels = [label(n if n % 10 else n + 100_000, T0 + n * HOUR_MS // 3 + HOUR_MS, 1.0) for n in range(0, 4_320, 2)]
    reader = Reader(tmp_path / "s", predictions, labels)
    held = []
    for _ in range(60):
        reader.read(72, 36)
        held.append(keys(reader))
    kept_for_hours = 6 + 24 + 24  # horizon, slack, and a batch
    assert max(held) <= 2 * 3 * kept_for_hours, held
    assert reader.counters["opened"] - reader.counters["expired"] <= 3 * kept_for_hours
    assert reader.counters["orphan"] + reader.counters["waiting"] == sum(n % 10 == 0 for n in range(0, 4_320, 2))


def test_a_backlog_of_expired_predictions_is_deleted_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join, "_EXPIRED_AT_ONCE", 10)
    late_ms = T0 + 9 * DAY_MS
    predictions = [*(prediction(n, T0 + n * 60_000) for n in range(100)), prediction(100, late_ms)]
    reader = Reader(tmp_path / "s", predictions, [label(100, late_ms, 1.0)])
    reader.read(100, 0)
    assert [reader.read(1, 1).counters["expired"] for _ in range(12)] == [10] * 10 + [0, 0]
    reader.restart()
    assert reader.read(0, 0).counters["expired"] == 0
    assert keys(reader) == 3, "the last prediction, its place in the order of expiry, and the positions"


def test_without_labels_predictions_are_kept_until_the_caller_says_that_their_topic_is_silent(tmp_path: Path) -> None:
    predictions = [prediction(n, T0 + n * HOUR_MS) for n in range(200)]
    reader = Reader(tmp_path / "s", predictions)
    reader.read(200, 0)
    assert keys(reader) == 1 + 2 * 200
    reader.read(0, 0, quiet_ms=predictions[-1].time_ms)
    hours = 6 + 24 + 1  # horizon, slack, and expiry rounded up
    assert keys(reader) == 1 + 2 * hours


def test_what_expires_in_the_batch_that_brings_it_is_not_kept(tmp_path: Path) -> None:
    last_ms = T0 + 9 * DAY_MS
    predictions = [prediction(1, T0), prediction(2, last_ms)]
    reader = Reader(tmp_path / "s", predictions, [label(1, T0, 1.0), label(2, last_ms, 1.0)])
    planned = reader.read(2, 2)
    assert (planned.counters["joined"], planned.counters["expired"]) == (2, 1)
    assert keys(reader) == 3
