"""The joins of a slot's partitions: opened when they are asked for, brought up to the committed offsets, and applied.

A store may lack what was committed: the process was killed before it was applied, the disk was lost, the partition came
from another slot. What it lacks is read again in silence. A store that is ahead of the committed offsets (they were
reset), or that lacks what retention has deleted, is made anew from the oldest record.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from runtime.clock import Clock
from runtime.hot_loop import Postponed
from runtime.log.protocol import Message, OutRecord
from runtime.log.replay import Replay
from runtime.moved import with_keys
from schemas.base import SourceRange
from services.performance.join.history import History, Moment, Sources, Stretch, written
from services.performance.join.join import Join, Planned
from services.performance.join.judging import read_labels
from services.performance.join.matching import WAITING_LIMIT
from services.performance.join.plans import Plans
from services.performance.join.quiet import noted, quiet_ms
from services.performance.join.reading import PredictionReader
from services.performance.join.records import LabelRecord, Part, PredictionRecord
from services.performance.join.store import JoinStore

REPLAY_S = 20.0
"""How long a turn replays, about: a process that polls nothing for a minute loses its partitions."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How far a replay has come."""

    partition: int
    records: int
    """Read with this step."""
    left: int
    """Offsets still to go, of both topics; 0: it is done."""


class Stores:
    """Joins by partition, and what was planned on them but not committed. Their turns are those of the hot loop."""

    def __init__(
        self,
        folder: Path,
        plans: Plans,
        replay: Replay,
        clock: Clock,
        *,
        waiting_limit: int = WAITING_LIMIT,
        on_replay: Callable[[Replayed], None] = lambda _: None,
    ) -> None:
        """`on_replay` is called after each step of a replay, which may take long."""
        self.reader = PredictionReader(plans)
        self._folder = folder
        self._plans = plans
        self._replay = replay
        self._history = History(replay, clock)
        self._clock = clock
        self._began_s = clock.monotonic()
        self._waiting_limit = waiting_limit
        self._on_replay = on_replay
        self._joins: dict[int, Join] = {}
        self._planned: dict[int, Planned] = {}
        self._stated: dict[int, Moment] = {}
        """By partition, the plans that its newest change names, where this process wrote it."""
        self._stating: dict[int, Moment] = {}
        """Likewise, of what was planned."""

    @property
    def open(self) -> Mapping[int, JoinStore]:
        """The stores in use, by partition."""
        return {partition: join.store for partition, join in self._joins.items()}

    def begin(self) -> None:
        """A turn begins; what was planned before never happened, unless `committed` was called."""
        self._planned, self._stating = {}, {}
        self._began_s = self._clock.monotonic()

    def plan(
        self, predictions: Part[PredictionRecord], labels: Part[LabelRecord], wall_ms: int, *, labels_at_end: bool
    ) -> Planned:
        """What a batch brings to one partition; remembered until it is committed or not. See Join.plan.

        Raises Postponed when a replay has taken its time of this turn: it goes on with the next.
        """
        join = self._ready(predictions.source, labels.source, wall_ms)
        state = join.store.state
        planned = join.plan(
            predictions,
            labels,
            quiet_ms=quiet_ms(state, wall_ms, labels_at_end=labels_at_end),
            noted=noted(state, wall_ms),
        )
        self._planned[predictions.source.partition] = planned
        return planned

    def change(self, sources: Sources, wall_ms: int) -> OutRecord | None:
        """The record to be written with what was just planned, where its plans are other than before.

        It is written again once a day, and by each process that takes the partition: whatever was reset or deleted.
        """
        partition, moment = sources[0].partition, self._plans.moment
        planned = self._planned[partition]
        if self._stated.get(partition) == moment and planned.after.noted == planned.before.noted:
            return None
        self._stating[partition] = moment
        return written(sources, moment, wall_ms)

    def committed(self) -> None:
        """What was planned is committed: the stores take it."""
        for partition, planned in self._planned.items():
            self._joins[partition].apply(planned)
        self._stated |= self._stating
        self._planned, self._stating = {}, {}

    def close(self) -> None:
        """Closes all stores: their partitions may belong to another process now. They open again when asked for."""
        self._planned, self._stating, self._stated = {}, {}, {}
        for join in self._joins.values():
            join.store.close()
        self._joins = {}

    def _ready(self, predictions: SourceRange, labels: SourceRange, wall_ms: int) -> Join:
        """The partition's join, where the two ranges begin."""
        partition = predictions.partition
        join = self._joins.get(partition)
        if join is None:
            join = self._join(JoinStore(self._folder / str(partition), predictions, labels), self._plans)
            self._joins[partition] = join
        if join.store.positions() != {source.topic: source.start for source in (predictions, labels)}:
            self._catch_up(join.store, (predictions, labels), wall_ms)
        return join

    def _join(self, store: JoinStore, plans: Plans) -> Join:
        return Join(store, plans.horizon_ms, self._waiting_limit, plans.basis)

    def _catch_up(self, store: JoinStore, sources: Sources, wall_ms: int) -> None:
        """Replays what the store lacks up to where the sources start, by the plans that it was first read by."""
        positions = store.positions()
        oldest = {source.topic: self._replay.oldest(source.topic, source.partition) for source in sources}
        ahead = any(positions.get(source.topic, 0) > source.start for source in sources)
        if ahead or any(at < oldest[topic] for topic, at in positions.items()):
            store.wipe("committed offsets went back" if ahead else "records that it lacks were deleted")
            positions = {}
        predictions, labels = (_until(source, positions.get(source.topic, oldest[source.topic])) for source in sources)
        left = predictions.end - predictions.start + labels.end - labels.start
        for stretch in self._history.stretches((predictions, labels), self._plans):
            for records, offsets in self._replayed(store, stretch, wall_ms):
                left -= offsets
                self._on_replay(Replayed(predictions.partition, records, left))
                if self._clock.monotonic() - self._began_s > REPLAY_S:
                    raise Postponed

    def _replayed(self, store: JoinStore, stretch: Stretch, wall_ms: int) -> Generator[tuple[int, int], None, None]:
        """Replays a stretch; with each step, how many records and offsets it had."""
        join = self._join(store, stretch.plans)
        reader = self.reader if stretch.plans is self._plans else PredictionReader(stretch.plans)
        ended = [(_after(gap), ()) for gap in stretch.gaps]
        with closing(self._steps(stretch.gaps[0])) as first, closing(self._steps(stretch.gaps[1])) as second:
            for steps in zip_longest(first, second):
                (predictions, seen), (labels, told) = (step or end for step, end in zip(steps, ended, strict=True))
                join.apply(
                    join.plan(
                        Part(predictions, reader.read(seen, wall_ms).records),
                        Part(labels, read_labels(told, labels, wall_ms).records),
                        silent=True,
                    )
                )
                offsets = sum(gap.end - gap.start for gap in (predictions, labels))
                yield len(seen) + len(told), offsets

    def _steps(self, gap: SourceRange) -> Generator[tuple[SourceRange, Sequence[Message]], None, None]:
        """The records of a gap, in portions whose ranges tile it."""
        at = gap.start
        for messages in self._replay.replay(gap, gap.end):
            until = messages[-1].offset() + 1
            yield gap.model_copy(update={"start": at, "end": until}), with_keys(messages)
            at = until
        if at < gap.end:
            yield gap.model_copy(update={"start": at}), ()


def _until(source: SourceRange, start: int) -> SourceRange:
    """The range from an offset to where the source begins."""
    return source.model_copy(update={"start": start, "end": source.start})


def _after(gap: SourceRange) -> SourceRange:
    """The empty range behind a gap."""
    return gap.model_copy(update={"start": gap.end})
