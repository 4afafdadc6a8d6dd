"""A batch taken apart: of each partition the two topics' halves, and the one source that they are together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runtime.log.protocol import Batch, Message, OutRecord
from runtime.moved import with_keys
from schemas.base import SourceRange
from schemas.profile import Mark

TOPICS = ("predictions", "labels")
"""In the order in which the log numbers their places."""


@dataclass(frozen=True, slots=True)
class Half:
    """One topic's side of a partition, in a batch."""

    source: SourceRange
    messages: Sequence[Message]
    at_end: bool
    """There was nothing more to read."""

    @property
    def moved(self) -> bool:
        """Whether its position rises."""
        return self.source.end > self.source.start


def halves(batch: Batch) -> Iterator[tuple[Half, Half]]:
    """(predictions, labels) of each assigned partition."""
    messages: dict[int, list[Message]] = defaultdict(list)
    for run in batch.runs:
        messages[run.place] += with_keys(batch.messages[run.begin : run.end])
    for place, source in sorted(batch.ranges.items()):
        if source.topic == TOPICS[0]:
            predictions, labels = (
                Half(batch.ranges[one], messages[one], one in batch.caught_up)
                for one in (place, place + source.partitions)
            )
            yield predictions, labels


def joint(predictions: Half, labels: Half) -> SourceRange:
    """The one source that both are: see docs/adr/0015."""
    ours = (predictions.source, labels.source)
    return SourceRange(
        topic="+".join(source.topic for source in ours),
        topic_id="+".join(source.topic_id for source in ours),
        partition=predictions.source.partition,
        partitions=predictions.source.partitions,
        start=sum(source.start for source in ours),
        end=sum(source.end for source in ours),
    )


def marks(predictions: Half, labels: Half, wall_ms: int, outcome_partitions: int) -> Iterator[OutRecord]:
    """How far a partition was read, to every partition of `outcomes`."""
    at_end = predictions.at_end and labels.at_end
    mark = Mark(source=joint(predictions, labels), wall_ms=wall_ms, caught_up=at_end).to_json()
    for target in range(outcome_partitions):
        yield OutRecord("outcomes", b"mark", mark, partition=target)
