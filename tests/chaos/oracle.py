"""What truly happened: recounts the raw topic, and holds every line a worker wrote against it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple


class Line(NamedTuple):
    """One committed account: `n` records with the sum `total` in [start, end) of a source partition."""

    partition: int
    start: int
    end: int
    n: int
    total: int


@dataclass
class Verdict:
    """`exact` when every record of the raw topic is in exactly one line."""

    events: int = 0
    counted: int = 0
    repeats: int = 0
    """Lines that came again, word for word; dropped before the rest is judged."""
    overlaps: list[Line] = field(default_factory=list)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    """(partition, from, to) that no line covers though it holds records."""
    wrong: list[Line] = field(default_factory=list)
    """Lines whose count or sum is not that of the records in their range."""

    @property
    def exact(self) -> bool:
        """Nothing lost, nothing doubled, nothing torn."""
        return not (self.overlaps or self.gaps or self.wrong) and self.counted == self.events


def judge(raw: Mapping[int, Sequence[tuple[int, int]]], lines: Iterable[Line]) -> Verdict:
    """`raw`: by partition, (offset, value) of every record, in offset order."""
    verdict = Verdict(events=sum(map(len, raw.values())))
    of_partition: dict[int, set[Line]] = defaultdict(set)
    for line in lines:
        verdict.repeats += line in of_partition[line.partition]
        of_partition[line.partition].add(line)
    for partition, records in raw.items():
        offsets = [offset for offset, _ in records]
        sums = [0, *accumulate(value for _, value in records)]
        reached = 0
        for line in sorted(of_partition[partition]):
            first, last = bisect_left(offsets, line.start), bisect_left(offsets, line.end)
            if (line.n, line.total) != (last - first, sums[last] - sums[first]):
                verdict.wrong.append(line)
            if line.start < reached:
                verdict.overlaps.append(line)
            if first > bisect_left(offsets, reached):
                verdict.gaps.append((partition, reached, line.start))
            reached = max(reached, line.end)
            verdict.counted += line.n
        if offsets and offsets[-1] >= reached:
            verdict.gaps.append((partition, reached, offsets[-1] + 1))
    return verdict
