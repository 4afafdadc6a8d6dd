"""Joins predictions with labels, against RocksDB alone: `python benchmarks/join.py [--quick]`.

A steady stream without Kafka: each batch brings new predictions and the labels of predictions some batches ago, and
deletes those that expired. RocksDB alone puts, looks up and deletes one row of the same size a pair, in batches as
large, with the same options. Both take turns in one run. Target: 40,000 pairs/s a process, and half of RocksDB alone.
"""

import argparse
import gc
import json
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rocksdict import WriteBatch

from runtime.log.partitioning import partition_of
from schemas.base import SourceRange
from services.performance.join.join import Join
from services.performance.join.records import LabelRecord, Origin, Part, PredictionRecord, packed_origin
from services.performance.join.rows import SLACK_MS
from services.performance.join.store import JoinStore, State

BATCH, PARTITIONS = 5_000, 4
T0 = 1_700_000_000_000
HORIZON_MS = 24 * 3_600_000
PAYLOAD = b"x" * 670
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Load:
    """`batches` of predictions; labels come `label_lag` batches later, expiry `kept` batches later."""

    batches: int
    label_lag: int
    kept: int

    @property
    def step_ms(self) -> int:
        """Event time between batches."""
        return (HORIZON_MS + SLACK_MS) // self.kept


def ids(rng: random.Random, n: int) -> list[bytes]:
    """Ids like UUIDs, of partition 0."""
    found: list[bytes] = []
    while len(found) < n:
        one = rng.randbytes(16).hex().encode()
        if partition_of(one, PARTITIONS) == 0:
            found.append(one)
    return found


def source(topic: str, start: int, end: int) -> SourceRange:
    return SourceRange(topic=topic, topic_id=topic, partition=0, partitions=PARTITIONS, start=start, end=end)


Parts = tuple[Part[PredictionRecord], Part[LabelRecord]]


def stream(keys: list[bytes], load: Load) -> Iterator[Parts]:
    rng = random.Random(2)
    origins = [packed_origin(Origin("m", "1", None, (("region", f"r{n}"),))) for n in range(20)]
    labelled = 0
    for number in range(load.batches):
        at, now_ms = number * BATCH, T0 + number * load.step_ms
        predictions = [
            PredictionRecord(
                offset, keys[offset], now_ms, keys[offset][:16], rng.choice(origins), 1.0, PAYLOAD, score=rng.random()
            )
            for offset in range(at, at + BATCH)
        ]
        told = keys[max(0, at - load.label_lag * BATCH) : max(0, at - (load.label_lag - 1) * BATCH)]
        if number < load.label_lag:
            told = []
        told = rng.sample(told, len(told))
        labels = [
            LabelRecord(labelled + n, one, now_ms, float(rng.random() < 0.1), PAYLOAD) for n, one in enumerate(told)
        ]
        yield (
            Part(source("predictions", at, at + BATCH), predictions),
            Part(source("labels", labelled, labelled + len(labels)), labels),
        )
        labelled += len(labels)


@dataclass
class Spent:
    """Seconds, and pairs made in them."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    pairs: int = 0


class Stopwatch:
    """Adds the seconds of a block."""

    def __init__(self, spent: Spent) -> None:
        self._spent = spent

    def __enter__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self._spent.wall_s += time.perf_counter() - self._wall_s
        self._spent.cpu_s += time.process_time() - self._cpu_s


def ours(folder: Path, batches: Iterator[Parts], spent: Spent) -> Iterator[None]:
    store = JoinStore(folder / "ours", source("predictions", 0, 0), source("labels", 0, 0))
    join = Join(store, lambda _: HORIZON_MS)
    for parts in batches:
        with Stopwatch(spent):
            planned = join.plan(*parts, quiet_ms=parts[0].records[-1].time_ms)
            join.apply(planned)
        spent.pairs += len(planned.pairs)
        yield
    store.close()


def alone(folder: Path, keys: list[bytes], load: Load, row: bytes, spent: Spent) -> Iterator[None]:
    """RocksDB alone: the rows of a batch put, those of an earlier one looked up, those of an older one deleted."""
    store = JoinStore(folder / "alone", source("predictions", 0, 0), source("labels", 0, 0))
    rng = random.Random(3)
    for number in range(load.batches):
        new, told, old = (
            keys[max(0, at * BATCH) : max(0, (at + 1) * BATCH)]
            for at in (number, number - load.label_lag, number - load.kept)
        )
        told = rng.sample(told, len(told))
        with Stopwatch(spent):
            found = store.get(told)
            batch = WriteBatch(raw_mode=True)
            for key in new:
                batch.put(key, row)
            for key in old:
                batch.delete(key)
            store.write(batch, State())
        assert None not in found
        spent.pairs += len(told)
        yield
    store.close()


def row_of(parts: Parts) -> bytes:
    """A row as the join stores it."""
    folder = Path(tempfile.mkdtemp())
    store = JoinStore(folder / "one", source("predictions", 0, 0), source("labels", 0, 0))
    join = Join(store, lambda _: HORIZON_MS)
    join.apply(join.plan(parts[0], replace(parts[1], records=(), source=source("labels", 0, 0))))
    ((_, row), *_) = store.scan(b"i", b"j")
    store.close()
    shutil.rmtree(folder)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the pairs")
    load = Load(60, 10, 30) if parser.parse_args().quick else Load(200, 30, 100)
    keys = ids(random.Random(1), load.batches * BATCH)
    folder = Path(tempfile.mkdtemp(prefix="join-"))
    join_spent, rocksdb_spent = Spent(), Spent()
    gc.disable()  # as the hot loop does
    turns = zip(
        ours(folder, stream(keys, load), join_spent),
        alone(folder, keys, load, row_of(next(stream(keys, load))), rocksdb_spent),
        strict=True,
    )
    for _ in turns:
        pass
    shutil.rmtree(folder)
    rows = [
        {
            "what": what,
            "pairs": spent.pairs,
            "pairs_per_s": spent.pairs / spent.wall_s,
            "cpu_us_per_pair": spent.cpu_s / spent.pairs * 1e6,
            "ratio": rocksdb_spent.cpu_s / rocksdb_spent.pairs / (spent.cpu_s / spent.pairs),
            "ratio_wall": rocksdb_spent.wall_s / rocksdb_spent.pairs / (spent.wall_s / spent.pairs),
        }
        for what, spent in (("RocksDB alone", rocksdb_spent), ("join", join_spent))
    ]
    print("".join(f"{name:>18}" for name in rows[0]))
    for one in rows:
        print("".join(f"{value:>18}" if isinstance(value, str) else f"{value:>18.4g}" for value in one.values()))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "join.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
