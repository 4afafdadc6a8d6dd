"""The join tells the same whatever is interleaved, batched, repeated, delayed, corrected, killed, replayed or wiped."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.performance.join.records import LabelRecord, PredictionRecord, unpacked_origin
from services.performance.join.rows import WAITING
from tests.unit.performance_join.stream import (
    DAY_MS,
    HOUR_MS,
    T0,
    Pair,
    Reader,
    comparable,
    horizon_of,
    label,
    own_id,
    prediction,
)  # fmt: skip

seeds = st.integers(0, 2**32)
some = settings(max_examples=15, deadline=None)
IDS = [own_id(n) for n in range(40)]
Topics = tuple[list[PredictionRecord], list[LabelRecord]]


def topics(rng: random.Random, span_ms: int, jitter_ms: int, *, absent: float = 0.1) -> Topics:
    """Predictions over `span_ms` of event time, labels around their horizons; each topic out of order by `jitter_ms`.

    Some are repeated, in conflict, corrected, never labelled or never predicted.
    """
    predictions, labels = [], []
    for one in IDS:
        time_ms = T0 + rng.randrange(span_ms)
        model = rng.choice(["quick", "slow"])
        if rng.random() > absent:
            bodies = rng.choice(["a", "a", "a", "aa", "ab", "aba"])
            predictions += [prediction(one, time_ms, body, model=model) for body in bodies]
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            delay_ms = rng.choice([-1_000, 0, 60_000, HOUR_MS, HOUR_MS + 1, 6 * HOUR_MS, 6 * HOUR_MS + 1, 7 * HOUR_MS])
            told = rng.choice([0.0, 1.0, "late"])
            labels += [label(one, time_ms + delay_ms, told, rng.choice([math.nan, 2.5]))] * rng.choice([1, 1, 2])

    def arrival(record: PredictionRecord | LabelRecord) -> int:
        return record.time_ms + rng.randrange(jitter_ms)

    return sorted(predictions, key=arrival), sorted(labels, key=arrival)


def plain_join(predictions: list[PredictionRecord], labels: list[LabelRecord]) -> Counter[Pair]:
    """Each id's first prediction with its newest label within the horizon; of equal labels in a row, the first."""
    first: dict[bytes, PredictionRecord] = {}
    for record in predictions:
        first.setdefault(record.id, record)
    newest: dict[bytes, LabelRecord] = {}
    for told in labels:
        predicted = first.get(told.id)
        if predicted is None:
            continue
        within = told.time_ms - predicted.time_ms <= horizon_of(unpacked_origin(predicted.origin).model)
        if within and (told.id not in newest or content(newest[told.id]) != content(told)):
            newest[told.id] = told
    return Counter(
        (
            unpacked_origin(first[one].origin),
            first[one].time_ms,
            told.time_ms,
            comparable(told.label),
            told.text.decode() or None,
            comparable(told.value),
        )
        for one, told in newest.items()
    )


def content(told: LabelRecord) -> tuple[Any, ...]:
    return comparable(told.label), told.text, comparable(told.value)


def run(rng: random.Random, reader: Reader, crashes: float = 0.0) -> None:
    """Reads to the end in batches of any size, in any interleaving."""
    ahead = rng.choice([(0, 9), (9, 0), (5, 5), (40, 2)])
    while reader.committed != [len(records) for records in reader.topics]:
        before = reader.store.positions()
        crash = rng.random() < crashes
        reader.read(rng.randint(0, 1 + ahead[0]), rng.randint(0, 1 + ahead[1]), crash=crash)
        at = [reader.store.positions().get(name, 0) for name in ("predictions", "labels")]
        assert all(known <= committed for known, committed in zip(at, reader.committed, strict=True))
        if crash:
            assert reader.store.positions() == before
            reader.restart(lambda left: rng.randint(min(left, 1), left), wiped=rng.random() < 0.2)


@contextmanager
def reading(made: Topics) -> Iterator[Reader]:
    with TemporaryDirectory() as folder:
        reader = Reader(Path(folder) / "store", *made)
        yield reader
        reader.store.close()


@given(seeds)
@some
def test_the_pairs_sum_to_a_plain_join_of_all_data(seed: int) -> None:
    """Out of order by less than the shortest horizon and the slack, nothing is lost."""
    rng = random.Random(seed)
    made = topics(rng, span_ms=rng.choice([HOUR_MS, 5 * DAY_MS]), jitter_ms=HOUR_MS // 2)
    with reading(made) as reader:
        run(rng, reader, crashes=rng.choice([0.0, 0.3]))
        assert +reader.joined == plain_join(*made)
        assert min(reader.joined.values(), default=0) >= 0


@given(seeds)
@some
def test_what_is_told_depends_on_how_far_was_read_and_on_nothing_else(seed: int) -> None:
    """However late records come: any two ways to the same offsets tell the same, and hold the same."""
    rng = random.Random(seed)
    made = topics(rng, span_ms=4 * DAY_MS, jitter_ms=rng.choice([1, 2 * HOUR_MS, 2 * DAY_MS, 4 * DAY_MS]))
    with reading(made) as one, reading(made) as other:
        run(rng, one)
        run(rng, other, crashes=0.3)
        assert +one.joined == +other.joined
        assert one.dead == other.dead
        assert held(one) == held(other)
        assert max(one.dead.values(), default=1) == 1, "a record is dead once"


def held(reader: Reader) -> dict[bytes, bytes]:
    """The predictions and waiting labels that a store holds."""
    rows = {key: row for key, row in reader.store.scan(b"i", b"j") if row[0] != WAITING}
    return rows | dict(reader.store.scan(b"w", b"x"))


@given(seeds)
@some
def test_every_record_is_accounted_for(seed: int) -> None:
    rng = random.Random(seed)
    made = topics(rng, span_ms=4 * DAY_MS, jitter_ms=rng.choice([1, 2 * HOUR_MS, 4 * DAY_MS]), absent=0.3)
    with reading(made) as reader:
        run(rng, reader)
        n = reader.counters
        assert n["opened"] + n["late"] + n["repeated_prediction"] + n["conflict"] == len(made[0])
        assert n["joined"] + n["corrected"] + n["repeated_label"] + n["orphan"] + n["waiting"] == len(made[1])
        assert n["waiting"] == sum(1 for _ in reader.store.scan(b"w", b"x"))
        assert n["joined"] == sum(reader.joined.values())
        assert n["conflict"] + n["orphan"] == reader.dead.total()
        assert n["opened"] - n["expired"] == sum(row[0] != WAITING for _, row in reader.store.scan(b"i", b"j"))


@given(seeds)
@some
def test_labels_that_no_prediction_takes_are_orphans_exactly_once(seed: int) -> None:
    """Once both topics have gone on beyond every horizon, each label that the plain join has no use for is dead."""
    rng = random.Random(seed)
    predictions, labels = topics(rng, span_ms=HOUR_MS, jitter_ms=HOUR_MS // 2, absent=0.4)
    end_ms = T0 + 20 * DAY_MS
    made = ([*predictions, prediction(999, end_ms)], [*labels, label(999, end_ms, 1.0)])
    models = {record.id: unpacked_origin(record.origin).model for record in predictions}
    time_ms = {record.id: record.time_ms for record in predictions}
    orphans = {
        ("ORPHAN", "labels", offset): 1
        for offset, told in enumerate(labels)
        if told.id not in time_ms or told.time_ms - time_ms[told.id] > horizon_of(models[told.id])
    }
    with reading(made) as reader:
        run(rng, reader, crashes=0.2)
        assert {key: n for key, n in reader.dead.items() if key[0] == "ORPHAN"} == orphans
        assert list(reader.store.scan(b"w", b"x")) == []
