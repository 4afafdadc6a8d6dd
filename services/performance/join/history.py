"""By which plans a partition was read and counted before: what a replay needs to tell what was told.

Monitors and baselines are read from other topics, at their own pace. So each partition has its changes written to
`plans`, in the transaction of the first batch that was read by other ones: from these offsets on, by what was applied
up to those of `monitors` and `baselines`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from runtime.clock import Clock
from runtime.log.protocol import Message, OutRecord
from runtime.log.replay import Replay
from schemas.base import SourceRange
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.plan_change import PlanChange
from services.performance.join.plans import Plans, R, Still

Sources = tuple[SourceRange, SourceRange]
"""Of predictions and of labels."""
Moment = tuple[int, int]
"""See Plans.moment."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Ranges that were read by the same plans."""

    plans: Plans
    gaps: Sources


class History:
    """What is on the broker of all that."""

    def __init__(self, replay: Replay, clock: Clock) -> None:
        self._replay = replay
        self._clock = clock

    def stretches(self, gaps: Sources, present: Plans) -> list[Stretch]:
        """Two gaps of a partition cut where its plans changed, in order, none empty.

        What was read before the first change that is known was read by the same plans, as far as anybody knows; where
        none is known, by those of the `present`.
        """
        if all(gap.start == gap.end for gap in gaps):
            return []
        parts = list(_cut(gaps, self._changes(gaps), present.moment))
        plans = {present.moment: present}
        plans |= self._plans({moment for moment, _ in parts} - plans.keys())
        return [Stretch(plans[moment], own) for moment, own in parts]

    def _changes(self, sources: Sources) -> list[PlanChange]:
        """Changes of a partition, by its offsets. Where offsets were reset, what was read anew replaces the rest."""
        found: list[PlanChange] = []
        for message in self._everything("plans"):
            change = PlanChange.model_validate_json(message.value() or b"")
            own = change.predictions, change.labels
            if all(one.key == source.key for one, source in zip(own, sources, strict=True)):
                while found and any(one.start < last for one, last in zip(own, _starts(found[-1]), strict=True)):
                    found.pop()
                found.append(change)
        return found

    def _plans(self, moments: set[Moment]) -> Mapping[Moment, Plans]:
        if not moments:
            return {}
        monitors = self._applied("monitors", Monitor, {at for at, _ in moments})
        baselines = self._applied("baselines", Baseline, {at for _, at in moments})
        return {(one, other): Plans(monitors[one], baselines[other], self._clock) for one, other in moments}

    def _applied(self, topic: str, record: type[R], ends: Iterable[int]) -> Mapping[int, Still[R]]:
        """What a topic held when it was read up to each of these offsets."""
        found: dict[int, Still[R]] = {}
        values: dict[str, R] = {}
        left = sorted(ends, reverse=True)
        for message in self._everything(topic):
            while left and left[-1] <= message.offset():
                end = left.pop()
                found[end] = Still(dict(values), end)
            _apply(message, record, values)
        return found | {end: Still(values, end) for end in left}

    def _everything(self, topic: str) -> Iterator[Message]:
        for messages in self._replay.everything(topic, 0):
            yield from messages


def written(sources: Sources, moment: Moment, wall_ms: int) -> OutRecord:
    """The record that a partition is read by other plans from where these ranges start."""
    predictions, labels = sources
    monitors, baselines = moment
    change = PlanChange(predictions=predictions, labels=labels, monitors=monitors, baselines=baselines, wall_ms=wall_ms)
    return OutRecord("plans", predictions.key.encode(), change.to_json())


def _cut(gaps: Sources, changes: Sequence[PlanChange], present: Moment) -> Iterator[tuple[Moment, Sources]]:
    """The parts of the gaps, each with what its plans are of."""
    at = [gap.start for gap in gaps]
    moments = [(change.monitors, change.baselines) for change in changes]
    for moment, until in zip(
        moments or [present], [*map(_starts, changes[1:]), [gap.end for gap in gaps]], strict=True
    ):
        ends = [min(max(one, start), gap.end) for one, start, gap in zip(until, at, gaps, strict=True)]
        if ends != at:
            predictions, labels = (
                gap.model_copy(update={"start": start, "end": end})
                for gap, start, end in zip(gaps, at, ends, strict=True)
            )
            yield moment, (predictions, labels)
        at = ends


def _starts(change: PlanChange) -> list[int]:
    return [change.predictions.start, change.labels.start]


def _apply(message: Message, record: type[R], values: dict[str, R]) -> None:
    """As runtime/follower.py does: a tombstone deletes, and what its contract refuses is passed over."""
    try:
        key, value = (message.key() or b"").decode(), message.value()
        if value is None:
            values.pop(key, None)
        else:
            values[key] = record.model_validate_json(value)
    except (ValidationError, UnicodeDecodeError) as error:
        _logger.warning("record_refused", where=f"{message.topic()}@{message.offset()}", error=str(error))
