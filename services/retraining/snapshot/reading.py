"""The labelled rows that a plan names, read from Kafka: the same table however often and in whatever order it is read.

Labels are read first, and predictions only where a label is known. Memory is bounded although topics are not: ids are
taken in the order of their hashes, so many labels at a time as fit, until there are rows enough; one pass is, unless
most labels belong to other models, or to nobody.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from runtime.admin import start_offsets
from runtime.clock import Clock, SystemClock
from runtime.errors import OperatorError
from runtime.log.kafka_reading import described
from runtime.log.partitioning import partition_of
from runtime.log.protocol import Message
from runtime.log.replay import KafkaReplay, Replay
from runtime.settings import KafkaSettings
from schemas.base import SourceRange
from services.retraining.snapshot.columns import table_of
from services.retraining.snapshot.events import EventReader
from services.retraining.snapshot.labels import Candidates, LabelReader, in_time
from services.retraining.snapshot.plan import LABELS, PREDICTIONS, TOPICS, Plan
from services.retraining.snapshot.rows import Row, row_of
from services.retraining.snapshot.smallest import FIRST, Smallest

LABELS_AT_ONCE = 200_000
"""Ids whose labels are held at a time, at least; twice the rows wanted if that is more. About 300 bytes each."""
_SAY_EVERY_S = 1.0


class PlanLost(OperatorError):  # noqa: N818  says what happened to the plan
    """Records that the plan names are gone, for good: the run cannot go on."""


def read(kafka: KafkaSettings, plan: Plan, say: Callable[[str], None]) -> pa.Table:
    """The plan's rows: predictions of the model with their labels, at most `training.snapshot.rows`, by time and id.

    Columns: prediction_id, time_ms, label_ms, version, variant, prediction, score, probability:<class> each, label,
    value, segment:<dimension> each, feature:<name> each; missing is null. Answers and labels are names of classes, or
    float64 of a regression. `say` is told once a second how far it is, and at the end what was left out.
    Blocks. Raises PlanLost, and LogHalted where the brokers do not answer.
    """
    _check_still_there(kafka, plan)
    return Reading(KafkaReplay(kafka), plan, say).table()


@dataclass
class Reading:
    """One snapshot under way."""

    replay: Replay
    plan: Plan
    say: Callable[[str], None]
    clock: Clock = field(default_factory=SystemClock)
    labels_at_once: int = LABELS_AT_ONCE
    refused: dict[str, Counter[str]] = field(default_factory=lambda: {topic: Counter() for topic in TOPICS})
    """By topic and reason, events that were looked at and are invalid."""
    passes: int = field(default=0, init=False)
    _said_s: float = field(default=0.0, init=False)

    def table(self) -> pa.Table:
        """Reads until there are rows enough, or nothing is left. Blocks; raises LogHalted."""
        plan, wanted = self.plan, self.plan.monitor.training.snapshot.rows
        self._said_s = self.clock.monotonic()
        events = EventReader(plan.monitor, plan.baseline, plan.until_ms)
        rows: Smallest[Row] = Smallest(wanted)
        begin = FIRST
        while begin < rows.end and len(rows.values) < wanted:
            labels: Smallest[Candidates] = Smallest(max(2 * wanted, self.labels_at_once), begin)
            self._take_labels(labels)
            self._join(events, labels, rows)
            self.passes += 1
            begin = labels.end
        self.refused[PREDICTIONS] += events.refused
        table = table_of([row for _, row in rows.values.values()], plan.monitor, plan.baseline)
        self._sum_up(table.num_rows, len(rows.values))
        return table

    def _take_labels(self, labels: Smallest[Candidates]) -> None:
        reader = LabelReader(self.plan.from_ms, self.plan.until_ms, self.refused[LABELS])
        for source, messages in self._batches(LABELS, labels):
            reader.take(messages, source.partitions, labels)

    def _join(self, events: EventReader, labels: Smallest[Candidates], rows: Smallest[Row]) -> None:
        """Takes each id's first valid prediction, of whatever model: a later one is in conflict with it."""
        plan, horizon_ms = self.plan, self.plan.monitor.performance.horizon
        for source, messages in self._batches(PREDICTIONS, rows):
            for own, event in events.wanted(messages, labels.values):
                if own not in labels.values or partition_of(own, source.partitions) != source.partition:
                    continue  # not the first, or on a partition that its id does not belong to: there its copy counts
                hashed, candidates = labels.values.pop(own)
                told = in_time(candidates, event["time_ms"] + horizon_ms)
                is_own = event["model"] == plan.model and event.get("variant") != "shadow"
                if told and is_own and plan.from_ms <= event["time_ms"] <= plan.until_ms and rows.has_place(hashed):
                    rows.put(own, hashed, row_of(own, event, told))
        rows.settle()

    def _batches(self, topic: str, held: Smallest[Any]) -> Iterator[tuple[SourceRange, Sequence[Message]]]:
        """The records of a topic's ranges; says how far it is."""
        sources = self.plan.ranges(topic)
        total, done = sum(source.end - source.start for source in sources), 0
        for source in sources:
            for messages in self.replay.replay(source, source.end):
                yield source, messages
                read = done + messages[-1].offset() + 1 - source.start
                if self.clock.monotonic() - self._said_s >= _SAY_EVERY_S:
                    self._said_s = self.clock.monotonic()
                    self.say(f"{topic}: read {read:,} of {total:,} records, {len(held.values):,} of them to be used")
            done += source.end - source.start

    def _sum_up(self, rows: int, taken: int) -> None:
        counts = [(topic, *item) for topic, found in self.refused.items() for item in sorted(found.items())]
        counts += [("rows", "text for a number", taken - rows)] * (taken > rows)
        left_out = ", ".join(f"{what} {reason}: {count:,}" for what, reason, count in counts)
        self.say(f"{rows:,} labelled rows; left out as invalid: {left_out or 'none'}")


def _check_still_there(kafka: KafkaSettings, plan: Plan) -> None:
    """Raises PlanLost where retention, or a topic made anew, has taken what the plan names."""
    ids = {topic: described(kafka, topic).topic_id for topic in TOPICS}
    oldest = start_offsets(kafka, TOPICS)
    for source in plan.sources:
        is_there = ids[source.topic] == source.topic_id and oldest[source.topic][source.partition] <= source.start
        if not is_there and source.start < source.end:
            raise PlanLost(
                f"records of {kafka.topic(source.topic)}/{source.partition} that the run's plan names were deleted",
                "raise the topic's retention above the monitor's training.snapshot.lookback, then ask for a new run:"
                " driftline triggers fire",
            )
