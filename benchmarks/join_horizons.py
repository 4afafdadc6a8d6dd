"""Disk and memory of the join over many label horizons: `python benchmarks/join_horizons.py [--quick]`.

Four million predictions over 100 horizons of one hour of event time, without Kafka. Of a hundred predictions 95 get a
label, nearly all within minutes and some just before the horizon, two of them corrected and one before its prediction;
one label more is of no prediction at all. The join keeps a prediction for its horizon and a day beyond it, so that from
the 25th horizon on as many expire as come. The store's files, the process' memory and the seconds spent are read after
every horizon. The command fails when the last third of the run has a higher peak of files or memory than all that went
before, by more than the tolerance.
"""

import argparse
import gc
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from schemas.base import SourceRange
from services.performance.join.join import Join
from services.performance.join.records import LabelRecord, Origin, Part, PredictionRecord, packed_origin
from services.performance.join.store import JoinStore

RESULTS = Path(__file__).parent / "results"
BATCH = 5_000
HORIZON_MS = 3_600_000
T0 = 1_700_000_000_000
PAYLOAD = b"x" * 670
SOON_MS = 300_000
"""Mean delay of most labels."""
TOLERANCE = 1.1
"""Of peaks: files and memory rise and fall with RocksDB's flushes and compactions."""


@dataclass(frozen=True)
class Load:
    """Predictions of an event-time hour, which is a horizon, and how many of them."""

    an_hour: int
    hours: int


@dataclass(frozen=True)
class Sample:
    """What was seen after a horizon."""

    horizon: int
    open_predictions: int
    waiting_labels: int
    store_mb: float
    memory_mb: float
    seconds: float
    """Spent in the join in this horizon."""


class Labels:
    """Labels to come, in the order of their times."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._due: list[tuple[int, bytes, float]] = []

    def follow(self, one: bytes, time_ms: int) -> None:
        """Decides what label, or labels, a prediction gets."""
        chance = self._rng.random()
        if chance < 0.05:
            return
        delay_ms = self._rng.expovariate(1 / SOON_MS) if chance < 0.95 else self._rng.uniform(0, HORIZON_MS)
        at_ms = time_ms + int(min(delay_ms, HORIZON_MS))
        self._due.append((at_ms, one, 0.0))
        if chance < 0.07:
            self._due.append((at_ms + 60_000, one, 1.0))  # a correction

    def until(self, now_ms: int) -> list[tuple[int, bytes, float]]:
        """Labels of times up to now, in order; they are handed out once."""
        self._due.sort()
        told = [label for label in self._due if label[0] <= now_ms]
        self._due = self._due[len(told) :]
        return told


def source(topic: str, start: int, end: int) -> SourceRange:
    return SourceRange(topic=topic, topic_id=topic, partition=0, partitions=1, start=start, end=end)


def stream(load: Load) -> Iterator[tuple[Part[PredictionRecord], Part[LabelRecord]]]:
    """Batches of predictions in the order of their times, each with the labels of its time."""
    rng = random.Random(1)
    origins = [packed_origin(Origin("m", "1", None, (("region", f"r{n}"),))) for n in range(20)]
    coming = Labels(rng)
    labelled = 0
    for at in range(0, load.an_hour * load.hours, BATCH):
        times = [T0 + (at + n) * HORIZON_MS // load.an_hour for n in range(BATCH)]
        ids = [rng.randbytes(16).hex().encode() for _ in times]
        predictions = [
            PredictionRecord(at + n, one, time_ms, one[:16], rng.choice(origins), 1.0, PAYLOAD, score=rng.random())
            for n, (one, time_ms) in enumerate(zip(ids, times, strict=True))
        ]
        early = rng.sample(predictions, BATCH // 100)
        yield (
            Part(source("predictions", at, at), ()),
            labels_part(labelled, [(times[0], record.id, 0.0) for record in early]),
        )
        labelled += len(early)
        for one, time_ms in zip(ids, times, strict=True):
            coming.follow(one, time_ms)
        told = coming.until(times[-1])
        told += [(times[-1], rng.randbytes(16).hex().encode(), 0.0) for _ in range(BATCH // 100)]
        yield Part(source("predictions", at, at + BATCH), predictions), labels_part(labelled, told)
        labelled += len(told)


def labels_part(offset: int, told: list[tuple[int, bytes, float]]) -> Part[LabelRecord]:
    records = [LabelRecord(offset + n, one, at_ms, label, PAYLOAD) for n, (at_ms, one, label) in enumerate(told)]
    return Part(source("labels", offset, offset + len(records)), records)


def samples(load: Load, folder: Path) -> Iterator[Sample]:
    store = JoinStore(folder / "store", source("predictions", 0, 0), source("labels", 0, 0))
    join = Join(store, lambda _: HORIZON_MS)
    seen: Counter[str] = Counter()
    seconds, horizon = 0.0, 1
    for parts in stream(load):
        begin = time.perf_counter()
        planned = join.plan(*parts)
        join.apply(planned)
        seconds += time.perf_counter() - begin
        seen.update(planned.counters)
        if parts[0].source.end >= horizon * load.an_hour:
            size = sum(path.stat().st_size for path in store.path.iterdir()) / 1e6
            yield Sample(
                horizon, seen["opened"] - seen["expired"], seen["waiting"], size, memory_mb(), round(seconds, 3)
            )
            seconds, horizon = 0.0, horizon + 1
    store.close()


def memory_mb() -> float:
    """The process' resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS"))


def table(found: list[Sample], every: int) -> str:
    titles = [field.name for field in fields(Sample)]
    rows = [asdict(sample).values() for sample in found if sample.horizon % every == 0]
    lines = ["".join(f"{title:>18}" for title in titles)]
    lines += [
        "".join(f"{value:>18,}" if isinstance(value, int) else f"{value:>18.1f}" for value in row) for row in rows
    ]
    return "\n".join(lines)


def growth(found: list[Sample], name: str) -> float:
    """The peak of the last third over that of all before."""
    values = [float(getattr(sample, name)) for sample in found]
    last = len(values) - len(values) // 3
    return max(values[last:]) / max(values[:last])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a third of it: too few compactions to judge the store")
    quick = parser.parse_args().quick
    load = Load(20_000, 75) if quick else Load(40_000, 100)
    folder = Path(tempfile.mkdtemp(prefix="join-horizons-"))
    gc.disable()  # as the hot loop does
    found = list(samples(load, folder))
    shutil.rmtree(folder)
    print(table(found, 5))
    ratios = {name: growth(found, name) for name in ("open_predictions", "store_mb", "memory_mb", "seconds")}
    print("peak of the last third over all before:", ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items()))
    RESULTS.mkdir(exist_ok=True)
    report = {**asdict(load), "growth": ratios, "samples": [asdict(sample) for sample in found]}
    (RESULTS / "join_horizons.json").write_text(json.dumps(report, indent=1) + "\n")
    judged = ("open_predictions", "memory_mb") if quick else ("open_predictions", "store_mb", "memory_mb")
    return any(ratios[name] > TOLERANCE for name in judged)


if __name__ == "__main__":
    sys.exit(main())
