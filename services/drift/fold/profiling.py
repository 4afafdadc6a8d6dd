"""Slices gathered into profiles: one for each (source partition, model), split where it grows large."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from runtime.chunks import chunks
from runtime.decode.decoded import Dead, Decoded
from runtime.log.protocol import OutRecord
from schemas.base import SourceRange
from schemas.profile import Profile
from services.drift.fold.plans import Plans
from services.drift.fold.slicing import Placed, only_broken, slices

Ints = NDArray[np.int64]
Broken = dict[tuple[int, int], Counter[str]]


def broken_panes(dead: list[Dead], partition: Ints, plans: Plans) -> dict[tuple[str, str], Broken]:
    """Dead letters whose model, version and time were readable, by (model, version), then (partition, pane start)."""
    found: dict[tuple[str, str], Broken] = defaultdict(dict)
    for letter in dead:
        if letter.model is not None and letter.version is not None and letter.time_ms is not None:
            pane_ms = plans.monitor(letter.model).pane
            place = (int(partition[letter.index]), letter.time_ms - letter.time_ms % pane_ms)
            found[letter.model, letter.version].setdefault(place, Counter())[letter.reason] += 1
    return found


def profiles(
    decoded: Decoded, partition: Ints, ranges: Mapping[int, SourceRange], plans: Plans, wall_ms: int
) -> Iterator[OutRecord]:
    """The batch's profiles; `partition` int64[records] is each record's source partition."""
    broken = broken_panes(decoded.dead, partition, plans)
    placed: dict[tuple[str, int], list[Placed]] = defaultdict(list)
    high_ms: dict[tuple[str, int], int] = {}
    for group in decoded.groups:
        plan = plans.plan(group.model, group.version)
        own = broken.pop((group.model, group.version), {})
        for part in slices(group, partition[group.index], plan.monitor, plan.layout, own):
            placed[group.model, part.partition].append(part)
            if part.slice.last_ms is not None:
                key = (group.model, part.partition)
                high_ms[key] = max(high_ms.get(key, 0), part.slice.last_ms)
    for (model, version), panes in broken.items():
        for part in only_broken(version, plans.plan(model, version).layout, panes):
            placed[model, part.partition].append(part)
    for (model, number), parts in sorted(placed.items(), key=lambda item: item[0]):
        for chunk, portion in enumerate(chunks([part.slice for part in parts])):
            yield OutRecord(
                "profiles",
                model.encode(),
                Profile(
                    model=model,
                    source=ranges[number],
                    chunk=chunk,
                    wall_ms=wall_ms,
                    high_ms=high_ms.get((model, number)),
                    pane_ms=plans.monitor(model).pane,
                    slices=tuple(portion),
                ).to_json(),
            )
