"""Predictions made and signed pairs cut into panes and segments, and folded: slices of outcomes, model by model."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from runtime.cells import pack
from schemas.outcome import By
from schemas.partial import PartialSlice
from services.performance.join.answers import Columns, countable, labelled, predicted, probabilities
from services.performance.join.pairs import Made, Pairs
from services.performance.join.plans import Plan, Plans
from services.performance.join.records import Origin
from stats.performance.cells import Predictions, fold_outcomes, fold_predictions
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout

BLOCK_BYTES = 64 * 1_048_576
"""Cells folded at a time: bounds memory when a batch spans many panes, or a model has many classes."""

Ints = NDArray[np.int64]
_NONE: Ints = np.empty(0, np.int64)


@dataclass(slots=True)
class Folded:
    """What a batch adds to one model, by one kind of time."""

    high_ms: int = 0
    slices: list[PartialSlice] = field(default_factory=list)

    def see(self, *times_ms: Ints) -> None:
        """Raises `high_ms`."""
        self.high_ms = max(self.high_ms, *(int(times.max(initial=0)) for times in times_ms))


class _Members(NamedTuple):
    """Which event belongs to which segment and pane; an event belongs to all events and to its segments."""

    event: Ints
    segment: Ints
    pane: Ints


def folded(made: Made, pairs: Pairs, plans: Plans) -> dict[tuple[str, By], Folded]:
    """Slices by model and kind of time. Predictions made count by prediction time only.

    Versions whose layout is not known, and what their layout has no cell for, are left out.
    """
    found: dict[tuple[str, By], Folded] = defaultdict(Folded)
    for name, plan in _versions(made, pairs, plans):
        if plan.layout is None:
            continue
        own_made, own_pairs = _of_version(made, name, plan), _of_version(pairs, name, plan)
        version = _Version(name[1], plan, plan.layout, own_made, own_pairs)
        if own_made or own_pairs:
            by_prediction = found[name[0], "prediction_time"]
            by_prediction.see(own_made.time_ms, own_pairs.time_ms)
            by_prediction.slices += version.slices(own_made, own_pairs.time_ms)
        if own_pairs:
            by_label = found[name[0], "label_time"]
            by_label.see(own_pairs.label_time_ms)
            by_label.slices += version.slices(own_made.take(_NONE), own_pairs.label_time_ms)
    return found


def uncountable(pairs: Pairs, plans: Plans) -> list[int]:
    """Places of the pairs that are in no outcome, though their version's layout may be known.

    Their label or prediction fits no cell of the layout; or they are to be taken away, and were added to other cells.
    """
    found: list[int] = []
    for name, plan in _versions(pairs, pairs, plans):
        own = _rows_of(pairs, name)
        found += own[~_counts(plan, pairs)[own]].tolist()
    return sorted(found)


def segments_of(origin: Origin) -> list[str]:
    """The segments that events of an origin belong to; the empty one has all."""
    variant = [] if origin.variant in {None, "stable"} else [f"variant={origin.variant}"]
    return ["", *variant, *(f"{dimension}={value}" for dimension, value in origin.segments)]


def _versions(made: Made, pairs: Pairs, plans: Plans) -> Iterator[tuple[tuple[str, str], Plan]]:
    names = sorted({(origin.model, origin.version) for origin in (*made.origins, *pairs.origins)})
    return ((name, plans.plan(*name)) for name in names)


def _rows_of(columns: Made, name: tuple[str, str]) -> Ints:
    own = np.array([(origin.model, origin.version) == name for origin in columns.origins], np.bool_)
    return np.flatnonzero(own[columns.origin]) if len(columns) else _NONE


def _counts(plan: Plan, columns: Made) -> NDArray[np.bool_]:
    """bool[n]: the event is counted by the plan's layout."""
    fits = np.ones(len(columns), np.bool_) if plan.layout is None else countable(plan.layout, columns)
    if isinstance(columns, Pairs):
        fits &= (columns.sign > 0) | (columns.basis == plan.basis)
    return fits


def _of_version(columns: Columns, name: tuple[str, str], plan: Plan) -> Columns:
    own = columns.take(_rows_of(columns, name))
    counts = _counts(plan, own)
    return own if counts.all() else own.take(np.flatnonzero(counts))


class _Version:
    """The countable predictions and pairs of one version."""

    def __init__(self, version: str, plan: Plan, layout: OutcomeLayout, made: Made, pairs: Pairs) -> None:
        self._name, self._layout, self._pairs = version, layout, pairs
        self._pane_ms = plan.monitor.performance.pane
        self._made = predicted(layout, made), probabilities(layout, made)
        self._answers = predicted(layout, pairs), probabilities(layout, pairs)
        self._labels, self._delay_s = labelled(layout, pairs), pairs.delay_ms / 1_000

    def slices(self, made: Made, pair_ms: Ints) -> Iterator[PartialSlice]:
        """Slices of the version's pairs, each in the pane of its `pair_ms`, and of `made`: all predictions, or none."""
        pairs, names = self._pairs, dict[str, int]()
        of_made = _members(made, made.time_ms // self._pane_ms, names)
        of_pairs = _members(pairs, pair_ms // self._pane_ms, names)
        pane, segment = (
            np.concatenate((of_made.pane, of_pairs.pane)),
            np.concatenate((of_made.segment, of_pairs.segment)),
        )
        place, group = np.unique(pane * len(names) + segment, return_inverse=True)
        made_group, pair_group = np.split(group.astype(np.int64), [len(of_made.event)])
        n, last_ms = np.zeros((2, len(place)), np.int64)
        np.add.at(n, pair_group, pairs.sign[of_pairs.event])
        np.maximum.at(last_ms, made_group, made.time_ms[of_made.event])
        np.maximum.at(last_ms, pair_group, pair_ms[of_pairs.event])
        segments = list(names)
        for first, cells in self._cells((of_made.event, made_group), (of_pairs.event, pair_group), len(place)):
            for row, vector in enumerate(cells, first):
                number, of_segment = divmod(int(place[row]), len(names))
                yield PartialSlice(
                    version=self._name,
                    segment=segments[of_segment],
                    start_ms=number * self._pane_ms,
                    digest=self._layout.digest,
                    n=int(n[row]),
                    last_ms=int(last_ms[row]),
                    cells=pack(vector),
                )

    def _cells(
        self, of_made: tuple[Ints, Ints], of_pairs: tuple[Ints, Ints], groups: int
    ) -> Iterator[tuple[int, Sequence[Cells]]]:
        """Vectors of the groups, some at a time; with each time the number of the first."""
        step = max(1, BLOCK_BYTES // (8 * self._layout.size))
        for first in range(0, groups, step):
            size = min(step, groups - first)
            event, group = _within(of_made, first, size)
            cells = fold_predictions(self._layout, *_some(self._made, event), group=group, groups=size)
            event, group = _within(of_pairs, first, size)
            cells += fold_outcomes(
                self._layout,
                *_some(self._answers, event),
                self._labels[event],
                self._delay_s[event],
                self._pairs.value[event],
                sign=self._pairs.sign[event],
                group=group,
                groups=size,
            )
            yield first, list(cells)


def _members(columns: Made, pane: Ints, names: dict[str, int]) -> _Members:
    """Every event once for each of its segments; `names` numbers the segments, and learns new ones."""
    lists = [[names.setdefault(name, len(names)) for name in segments_of(origin)] for origin in columns.origins]
    if not len(columns):
        return _Members(_NONE, _NONE, _NONE)
    sizes = np.array([len(own) for own in lists], np.int64)
    flat = np.array([number for own in lists for number in own], np.int64)
    times = sizes[columns.origin]
    event = np.repeat(np.arange(len(columns)), times)
    within = np.arange(len(event)) - np.repeat(np.cumsum(times) - times, times)
    return _Members(event, flat[(np.cumsum(sizes) - sizes)[columns.origin[event]] + within], pane[event])


def _within(members: tuple[Ints, Ints], first: int, size: int) -> tuple[Ints, Ints]:
    """Events of groups `first` to `first + size`, and their groups counted from `first`."""
    event, group = members
    inside = (group >= first) & (group < first + size)
    return event[inside], group[inside] - first


def _some(answers: tuple[Predictions, Floats | None], event: Ints) -> tuple[Predictions, Floats | None]:
    told, shares = answers
    return told[event], None if shares is None else shares[event]
