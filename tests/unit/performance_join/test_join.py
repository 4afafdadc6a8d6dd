"""The join's rules, one at a time."""

from pathlib import Path

import pytest

from services.performance.join.join import PositionError
from services.performance.join.records import Origin, Part
from tests.unit.performance_join.stream import DAY_MS, HOUR_MS, T0, Reader, label, listed, own_id, prediction, source


def test_a_pair_tells_everything_of_both_sides(tmp_path: Path) -> None:
    told = prediction(1, T0, text=b"late", probabilities=b'{"late":0.75,"on time":0.25}', score=0.75)
    reader = Reader(tmp_path / "s", [told._replace(prediction=float("nan"))], [label(1, T0 + HOUR_MS, "on time", -4.5)])
    pairs = reader.read(1, 1).pairs
    assert pairs.sign.tolist() == [1]
    assert pairs.origins == (Origin("slow", "1", None, (("region", "eu"),)),)
    assert pairs.delay_ms.tolist() == [HOUR_MS]
    assert (pairs.score.tolist(), pairs.value.tolist()) == ([0.75], [-4.5])
    assert (pairs.prediction_text, pairs.label_text) == (["late"], ["on time"])
    assert pairs.probabilities == [{"late": 0.75, "on time": 0.25}]


@pytest.mark.parametrize("first", [(1, 0), (0, 3), (1, 1), (0, 1), (1, 3)])
def test_a_correction_takes_the_old_pair_away_whatever_was_read_first(tmp_path: Path, first: tuple[int, int]) -> None:
    labels = [label(1, T0 + 1, 0.0), label(1, T0 + 2, 1.0), label(1, T0 + 3, 1.0)]
    reader = Reader(tmp_path / "s", [prediction(1, T0)], labels)
    reader.read(*first)
    reader.drain()
    (pair,) = [pair for pair, n in reader.joined.items() if n]
    assert (pair[3], reader.joined[pair]) == (1.0, 1)
    assert pair[2] == T0 + 2, "an equal label keeps the time at which the truth was first told"
    assert [reader.counters[name] for name in ("joined", "corrected", "repeated_label", "waiting")] == [1, 1, 1, 0]


def test_texts_and_numbers_are_different_labels(tmp_path: Path) -> None:
    told = [label(1, T0, 1.0), label(1, T0, "1"), label(1, T0, ""), label(1, T0, "")]
    reader = Reader(tmp_path / "s", [prediction(1, T0)], told)
    signs = [(sign, pair[3:5]) for sign, pair in listed(reader.read(1, 4).pairs)]
    assert signs == [(1, (1.0, None)), (-1, (1.0, None)), (1, (None, "1")), (-1, (None, "1")), (1, (None, ""))]


def test_an_id_seen_twice_is_a_duplicate_or_a_conflict(tmp_path: Path) -> None:
    same = prediction(1, T0, "a")
    reader = Reader(tmp_path / "s", [same, same, prediction(1, T0, "b"), same], [label(1, T0 + 1, 1.0)])
    reader.read(1, 1)
    (letter,) = reader.read(3, 0).dead
    assert (letter.reason, letter.offset, letter.model) == ("CONFLICT", 2, "slow")
    assert (letter.payload, letter.payload_size) == (reader.topics[0][2].payload, len(reader.topics[0][2].payload))
    assert reader.counters["repeated_prediction"] == 2
    assert sum(reader.joined.values()) == 1


@pytest.mark.parametrize("model", ["quick", "slow"])
@pytest.mark.parametrize("labels_first", [True, False])
def test_the_horizon_is_the_models_and_the_last_millisecond_counts(
    tmp_path: Path, model: str, *, labels_first: bool
) -> None:
    horizon_ms = {"quick": HOUR_MS, "slow": 6 * HOUR_MS}[model]
    labels = [label(1, T0 + horizon_ms, 1.0), label(2, T0 + horizon_ms + 1, 1.0)]
    reader = Reader(tmp_path / "s", [prediction(n, T0, model=model) for n in (1, 2)], labels)
    reader.read(*((0, 2) if labels_first else (2, 0)))
    reader.drain()
    assert reader.counters["joined"] == 1
    assert reader.dead == {("ORPHAN", "labels", 1): 1}


def test_a_label_without_prediction_is_an_orphan_once_both_topics_have_passed(tmp_path: Path) -> None:
    due_ms = T0 + 6 * HOUR_MS
    predictions = [prediction(2, due_ms - 1), prediction(3, due_ms)]
    reader = Reader(tmp_path / "s", predictions, [label(1, T0, 1.0), label(2, due_ms, 1.0), label(1, due_ms, 1.0)])
    reader.read(1, 3)
    assert not reader.dead
    (letter,) = reader.read(1, 0).dead
    assert (letter.reason, letter.topic, letter.offset, letter.record_key) == ("ORPHAN", "labels", 0, own_id(1))
    assert letter.payload == reader.topics[1][0].payload
    assert reader.counters["waiting"] == 1, "the same id's second label still waits"
    reader.restart()
    reader.read(0, 0)
    assert reader.dead.total() == 1


def test_a_prediction_later_than_its_own_expiry_is_counted_and_not_kept(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "s", [prediction(1, T0 + 9 * DAY_MS), prediction(2, T0)], [label(2, T0, 1.0)])
    reader.drain()
    assert (reader.counters["opened"], reader.counters["late"], reader.counters["joined"]) == (1, 1, 0)


def test_records_of_another_partition_are_handed_back(tmp_path: Path) -> None:
    foreign = own_id(1, partition=3)
    reader = Reader(
        tmp_path / "s", [prediction(1, T0), prediction(foreign, T0 + 9 * DAY_MS)], [label(foreign, T0, 1.0)]
    )
    planned = reader.read(2, 1)
    assert [record.id for record in planned.misplaced_predictions] == [foreign]
    assert [record.offset for record in planned.misplaced_labels] == [0]
    assert (planned.counters["misplaced_prediction"], planned.counters["misplaced_label"]) == (1, 1)
    assert (planned.counters["opened"], planned.counters["waiting"]) == (1, 0)
    assert planned.after.predictions_ms == T0, "it moves no watermark here"


def test_a_batch_must_begin_where_the_store_ends(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "s", [prediction(n, T0) for n in range(3)])
    planned = reader.read(2, 0)
    with pytest.raises(PositionError, match="plan the batch again"):
        reader.join.apply(planned)
    with pytest.raises(PositionError, match="at offset 2 of predictions"):
        reader.join.plan(Part(source("predictions", 1, 1)), Part(source("labels")))
    with pytest.raises(PositionError, match="given labels labels-anew/0"):
        reader.join.plan(Part(source("predictions", 2, 2)), Part(source("labels", topic_id="anew")))
