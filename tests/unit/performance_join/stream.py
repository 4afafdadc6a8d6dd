"""Two topics of one partition, as a list each, and a reader that commits, crashes and replays as the service does."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from runtime.log.partitioning import partition_of
from schemas.base import SourceRange
from services.performance.join.join import Join, Planned
from services.performance.join.pairs import Pairs
from services.performance.join.records import LabelRecord, Origin, Part, PredictionRecord, packed_origin
from services.performance.join.store import JoinStore

T0 = 1_700_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HORIZON_MS = {"quick": HOUR_MS, "slow": 6 * HOUR_MS}


def horizon_of(model: str | None) -> int:
    return max(HORIZON_MS.values()) if model is None else HORIZON_MS[model]


def own_id(number: int, partition: int = 0, partitions: int = 4) -> bytes:
    """The id of a prediction of this partition."""
    tries = (f"p{number}-{suffix}".encode() for suffix in range(1_000))
    return next(one for one in tries if partition_of(one, partitions) == partition)


def prediction(
    one: int | bytes, time_ms: int, body: str = "", *, model: str = "slow", **given: Any
) -> PredictionRecord:
    """A prediction; its offset is given when it is read."""
    key = own_id(one) if isinstance(one, int) else one
    payload = f"{key.decode()}/{time_ms}/{body}/{model}".encode()
    origin = packed_origin(Origin(model, "1", None, (("region", "eu"),)))
    return PredictionRecord(
        -1, key, time_ms, blake2b(payload, digest_size=16).digest(), origin, 1.0, payload, **{"score": 0.25} | given
    )


def label(one: int | bytes, time_ms: int, told: float | str, value: float = math.nan) -> LabelRecord:
    """A label; its offset is given when it is read."""
    key = own_id(one) if isinstance(one, int) else one
    text = told.encode() if isinstance(told, str) else b""
    number = math.nan if isinstance(told, str) else told
    return LabelRecord(-1, key, time_ms, number, f"{key.decode()}={told}@{time_ms}".encode(), text, value)


def source(topic: str, start: int = 0, end: int = 0, *, topic_id: str = "id", partition: int = 0) -> SourceRange:
    return SourceRange(
        topic=topic, topic_id=f"{topic}-{topic_id}", partition=partition, partitions=4, start=start, end=end
    )


Pair = tuple[Any, ...]


def listed(pairs: Pairs) -> list[tuple[int, Pair]]:
    """(sign, what is told of the pair)."""
    rows = zip(
        pairs.sign.tolist(),
        pairs.origin.tolist(),
        pairs.time_ms.tolist(),
        pairs.label_time_ms.tolist(),
        pairs.label.tolist(),
        pairs.label_text,
        pairs.value.tolist(),
        strict=True,
    )
    return [(sign, (pairs.origins[origin], *map(comparable, told))) for sign, origin, *told in rows]


def comparable(value: Any) -> Any:
    """NaN as None, which equals itself."""
    return None if value != value else value  # noqa: PLR0124  NaN alone differs from itself


class Reader:
    """Reads both topics into a join; what was committed is kept in the sums."""

    def __init__(
        self, path: Path, predictions: Sequence[PredictionRecord] = (), labels: Sequence[LabelRecord] = ()
    ) -> None:
        self.path = path
        self.topics = [
            [record._replace(offset=offset) for offset, record in enumerate(records)]
            for records in (predictions, labels)
        ]
        self.committed = [0, 0]
        self.joined: Counter[Pair] = Counter()
        """Signed pairs, summed."""
        self.dead: Counter[tuple[str, str, int]] = Counter()
        """By (reason, topic, offset)."""
        self.counters: Counter[str] = Counter()
        self.open()

    def open(self) -> None:
        self.store = JoinStore(self.path, source("predictions"), source("labels"))
        self.join = Join(self.store, horizon_of)

    def plan(self, ends: Sequence[int], *, silent: bool = False, quiet_ms: int = 0) -> Planned:
        """Plans what lies between the store's positions and `ends`."""
        names = ("predictions", "labels")
        starts = [self.store.positions().get(name, 0) for name in names]
        parts = [
            Part(source(name, start, end), records[start:end])
            for name, records, start, end in zip(names, self.topics, starts, ends, strict=True)
        ]
        return self.join.plan(*parts, silent=silent, quiet_ms=quiet_ms)

    def read(self, predictions: int, labels: int, *, crash: bool = False, quiet_ms: int = 0) -> Planned:
        """Reads so many more of each, and commits; after a crash the store does not know."""
        ends = [
            min(at + n, len(records))
            for at, n, records in zip(self.committed, (predictions, labels), self.topics, strict=True)
        ]
        planned = self.plan(ends, quiet_ms=quiet_ms)
        self.committed = ends
        for sign, pair in listed(planned.pairs):
            self.joined[pair] += sign
        self.dead.update((letter.reason, letter.topic, letter.offset) for letter in planned.dead)
        self.counters.update(planned.counters)
        if not crash:
            self.join.apply(planned)
        return planned

    def restart(self, cut: Callable[[int], int] = lambda n: n, *, wiped: bool = False) -> None:
        """Starts again, and replays what the store does not know, `cut(left)` records of a topic at a time."""
        self.store.close()
        self.open()
        if wiped:
            self.store.wipe()
        while (at := [self.store.positions().get(name, 0) for name in ("predictions", "labels")]) != self.committed:
            ends = [a + cut(end - a) for a, end in zip(at, self.committed, strict=True)]
            planned = self.plan(ends, silent=True)
            assert not len(planned.pairs)
            assert not planned.dead
            self.join.apply(planned)

    def drain(self, step: int = 7) -> None:
        """Reads to the end of both."""
        while self.committed != [len(records) for records in self.topics]:
            self.read(step, step)
