"""A decoded group cut into panes and segments, and folded: one slice for each (source partition, segment, pane)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.cells import pack
from runtime.decode.decoded import Group
from schemas.monitor import Monitor
from schemas.profile import Slice
from services.drift.fold.sketching import sketches
from stats.fold import Columns, fold
from stats.layout import Layout

OTHER = "__other__"
BLOCK = 256
"""Slices folded at a time: bounds memory when a batch spans many panes."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Placed:
    """A slice and the source partition it comes from."""

    partition: int
    slice: Slice


@dataclass(frozen=True, slots=True)
class Membership:
    """Which event belongs to which (partition, pane, segment); an event belongs to all events and to its segments."""

    event: Ints
    group: Ints
    """Rising."""
    place: Ints
    """[groups, 3]: partition, pane start in milliseconds, number of the segment."""
    segments: tuple[str, ...]


def capped(codes: NDArray[np.int32], names: list[str], limit: int) -> tuple[NDArray[np.int32], list[str]]:
    """Keeps the most frequent `limit` values of one dimension in this batch and lets the rest share one.

    Code 0 is no value, before and after.
    """
    if len(names) - 1 <= limit:
        return codes, names
    counts = np.bincount(codes, minlength=len(names))[1:]
    kept = np.sort(np.argsort(-counts, kind="stable")[:limit]) + 1
    renumbered = np.full(len(names), limit + 1, np.int32)
    renumbered[0] = 0
    renumbered[kept] = np.arange(1, limit + 1, dtype=np.int32)
    return renumbered[codes], ["", *(names[code] for code in kept), OTHER]


def membership(group: Group, partition: Ints, monitor: Monitor) -> Membership:
    """Cuts a group's events (n of them, of source partitions `partition` int64[n]) into panes and segments."""
    events = np.arange(group.time_ms.size, dtype=np.int64)
    member_event, member_segment = [events], [np.zeros(events.size, np.int64)]
    segments = [""]
    for dimension, (codes, names) in group.segments.items():
        codes, names = capped(codes, names, monitor.segment_limit)  # noqa: PLW2901  the same, with fewer values
        has = np.flatnonzero(codes)
        member_event.append(has)
        member_segment.append(codes[has].astype(np.int64) + (len(segments) - 1))
        segments += [f"{dimension}={name}" for name in names[1:]]
    event, segment = np.concatenate(member_event), np.concatenate(member_segment)
    pane = group.time_ms // monitor.pane
    first = int(pane.min(initial=np.iinfo(np.int64).max)) if pane.size else 0
    panes = int(pane.max(initial=0)) - first + 1
    place = (partition[event] * panes + (pane[event] - first)) * len(segments) + segment
    order = np.argsort(place, kind="stable")
    distinct, number = np.unique(place[order], return_inverse=True)
    rest, segment_of = np.divmod(distinct, len(segments))
    partition_of, pane_of = np.divmod(rest, panes)
    places = np.stack([partition_of, (pane_of + first) * monitor.pane, segment_of], axis=1)
    return Membership(event[order], number.astype(np.int64), places, tuple(segments))


def slices(
    group: Group,
    partition: Ints,
    monitor: Monitor,
    layout: Layout,
    broken: dict[tuple[int, int], Counter[str]],
) -> Iterator[Placed]:
    """Folds a group: every slice of it, with the dead letters of its version counted where they belong."""
    members = membership(group, partition, monitor)
    columns = Columns(group.values, group.codes, group.status, group.latency_ms, group.score)
    bounds = np.searchsorted(members.group, np.arange(len(members.place) + 1))
    for first in range(0, len(members.place), BLOCK):
        last = min(first + BLOCK, len(members.place))
        rows = slice(bounds[first], bounds[last])
        event = members.event[rows]
        cells = fold(layout, columns, members.group[rows] - first, last - first, event)
        newest = np.maximum.reduceat(group.time_ms[event], bounds[first:last] - bounds[first])
        for number in range(first, last):
            partition_of, start_ms, segment = (int(part) for part in members.place[number])
            own = members.event[bounds[number] : bounds[number + 1]]
            yield Placed(
                partition_of,
                Slice(
                    version=group.version,
                    segment=members.segments[segment],
                    start_ms=start_ms,
                    digest=layout.digest,
                    n=len(own),
                    last_ms=int(newest[number - first]),
                    cells=pack(cells[number - first]),
                    sketch=None if layout.digest or segment else sketches(group, own),
                    violations=dict(broken.pop((partition_of, start_ms), ())) if not segment else {},
                ),
            )
    yield from only_broken(group.version, layout, broken)


def only_broken(version: str, layout: Layout, broken: dict[tuple[int, int], Counter[str]]) -> Iterator[Placed]:
    """Slices of panes in which nothing but dead letters was seen."""
    for (partition_of, start_ms), reasons in broken.items():
        yield Placed(
            partition_of,
            Slice(
                version=version,
                segment="",
                start_ms=start_ms,
                digest=layout.digest,
                n=0,
                last_ms=None,
                cells=pack(layout.zeros()),
                violations=dict(reasons),
            ),
        )
