"""How far a model's predictions have come, by the last records of the partitions."""

from collections.abc import Sequence

from runtime.log.replay import Replay
from schemas.base import SourceRange
from services.retraining.snapshot.events import EventReader

TAIL = 1_000
"""Records of each partition that are looked at; ten times as many where none of them is the model's, and so on."""


def newest_ms(replay: Replay, sources: Sequence[SourceRange], events: EventReader) -> int | None:
    """The newest event time of the model's valid predictions there; None where there is none at all. Blocks."""
    size = TAIL
    while True:
        tails = [source.model_copy(update={"start": max(source.start, source.end - size)}) for source in sources]
        found_ms = [
            time_ms
            for tail in tails
            for messages in replay.replay(tail, tail.end)
            for time_ms in events.times_ms(messages)
        ]
        if found_ms or tails == list(sources):
            return max(found_ms, default=None)
        size *= 10
