"""What a run is bound to: the monitor and the baseline as they were, ranges of offsets, a stretch of event time."""

from collections.abc import Mapping, Sequence

from runtime.admin import TopicState, end_offsets, offsets_at, start_offsets
from runtime.decode.verdict import FUTURE_MS
from runtime.errors import OperatorError
from runtime.log.kafka_reading import described
from runtime.log.replay import KafkaReplay
from runtime.settings import KafkaSettings
from schemas.base import EARLIEST_MS, Identifier, Record, SourceRange, TimeMs
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.retraining import RetrainingRequest
from services.retraining.snapshot.events import EventReader
from services.retraining.snapshot.newest import newest_ms

PREDICTIONS, LABELS = TOPICS = ("predictions", "labels")
Offsets = Mapping[str, Mapping[int, int]]
"""By topic and partition; -1: there is none."""


class NoRows(OperatorError):  # noqa: N818  says what a request lacks
    """There is nothing of the model or the time that a request asks for."""


class Plan(Record):
    """Everything that decides which rows a run takes."""

    trigger_id: str
    model: Identifier
    incumbent: Identifier
    """The version that the request is about."""
    monitor: Monitor
    baseline: Baseline | None
    sources: tuple[SourceRange, ...]
    """Every partition of `predictions` and of `labels`."""
    from_ms: TimeMs
    until_ms: TimeMs
    """Of event time: predictions that were made, and labels that were told, from the one to the other."""

    def ranges(self, topic: str) -> tuple[SourceRange, ...]:
        """The sources of one topic."""
        return _of(self.sources, topic)


def pin(kafka: KafkaSettings, request: RetrainingRequest, monitor: Monitor, baseline: Baseline | None) -> Plan:
    """The plan of a request, as things are now. Blocks.

    Ranges end where committed records end now. They begin with the first record that is stamped `from_ms` less
    FUTURE_MS or later: what lies before may not tell of so late a time. A policy's request ends at its event time; a
    person's, which has the time of day, at the model's newest event where that is earlier.
    Raises NoRows where there is nothing of that time, OperatorError where a topic is missing.
    """
    topics = {topic: described(kafka, topic) for topic in TOPICS}
    ends = end_offsets(kafka, TOPICS, committed=True)
    until_ms = request.requested_ms
    if request.kind == "manual":
        everything = _of(_sources(topics, start_offsets(kafka, TOPICS), ends), PREDICTIONS)
        found_ms = newest_ms(KafkaReplay(kafka), everything, EventReader(monitor, baseline, until_ms))
        if found_ms is None:
            raise _nothing(kafka, PREDICTIONS, f"has no valid event of model {monitor.model}")
        until_ms = min(until_ms, found_ms)
    lookback_ms = monitor.training.snapshot.lookback
    from_ms = max(until_ms - lookback_ms, EARLIEST_MS)
    sources = _sources(topics, offsets_at(kafka, TOPICS, from_ms - FUTURE_MS), ends)
    for topic in TOPICS:
        if all(source.start == source.end for source in _of(sources, topic)):
            raise _nothing(kafka, topic, f"has no record of the {lookback_ms} ms of event time before {until_ms}")
    return Plan(
        trigger_id=request.trigger_id,
        model=request.model,
        incumbent=request.version,
        monitor=monitor,
        baseline=baseline,
        sources=sources,
        from_ms=from_ms,
        until_ms=until_ms,
    )


def _of(sources: Sequence[SourceRange], topic: str) -> tuple[SourceRange, ...]:
    return tuple(source for source in sources if source.topic == topic)


def _sources(topics: Mapping[str, TopicState], starts: Offsets, ends: Offsets) -> tuple[SourceRange, ...]:
    return tuple(
        SourceRange(
            topic=name,
            topic_id=topic.topic_id,
            partition=partition,
            partitions=topic.partitions,
            start=min(starts[name][partition], end) if starts[name][partition] >= 0 else end,
            end=end,
        )
        for name, topic in topics.items()
        for partition, end in sorted(ends[name].items())
    )


def _nothing(kafka: KafkaSettings, topic: str, what: str) -> NoRows:
    step = "see that producers write to it and that its retention is longer than the monitor's"
    return NoRows(f"topic {kafka.topic(topic)} {what}", f"{step} training.snapshot.lookback, then ask again")
