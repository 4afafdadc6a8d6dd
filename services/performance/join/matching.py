"""The rules of the join, on one batch: what each prediction and each label does to the rows that were read for them.

What is told must be a function of how far each topic was read, never of which was read first: a replay reads them
otherwise. So whether a prediction p and a label l see each other is a matter of the pair alone:

    l came before its topic had passed p's expiry, and p came before its topic had passed l's due time.

If they do, the second to be read surely finds the first, as both are kept until *both* topics have passed these
times. If not, each goes on as if the other were not there. A label that sees its prediction is judged at once, in
offset order: it joins, corrects, repeats, or is an orphan beyond the horizon. Without, it waits, and is an orphan
when it is due.

An id is used for one prediction. Used again once the first has expired, it may still be a conflict: expired rows are
deleted a few at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from runtime.decode.verdict import Refusal
from schemas.base import SourceRange
from services.performance.join.letters import of_record
from services.performance.join.records import LabelRecord, PredictionRecord, unpacked_origin
from services.performance.join.rows import (
    LABELLED,
    WAITING,
    digest,
    due_ms_of,
    labelled,
    opened,
    origin_of,
    packed_waiting,
    prediction_keys,
    references,
    times,
    unpacked_waiting,
    waiting_key,
    with_reference,
    without_reference,
)

if TYPE_CHECKING:
    from schemas.dead_letter import DeadLetter

WAITING_LIMIT = 1_000_000
"""Labels that wait in one store at most."""
_NEVER_CAME = "no prediction of this id came in time: both topics have passed the label by the longest horizon"
_NO_ROOM = (
    "no prediction of this id is known, and as many labels wait already as DRIFTLINE_WAITING_LABELS allows:"
    " see who writes labels without predictions"
)

Outcome = Literal[
    # what became of predictions that were read
    "opened",
    "late",  # its own topic had passed its expiry: not kept, its labels are orphans
    "repeated_prediction",
    "conflict",
    # of labels; with what still waits, they add up
    "joined",
    "corrected",
    "repeated_label",
    "orphan",
    "waiting",  # a change: negative where more were judged than began to wait
    # either, before all that
    "misplaced_prediction",
    "misplaced_label",
    # predictions deleted
    "expired",
]

_NOTHING = np.empty(0, np.int64)

HorizonOf = Callable[[str | None], int]
"""Model → the longest label delay that counts, in milliseconds; None → the longest of all models."""
BasisOf = Callable[[bytes], int]
"""Packed origin → what its pairs are counted by now; kept with a pair, so that it is taken away from there or not."""


class Matching:
    """One batch under way. The store is not written; `rows` and `fresh` are what it will hold."""

    def __init__(
        self,
        rows: dict[bytes, bytes | None],
        waiting: Mapping[bytes, bytes],
        horizon_of: HorizonOf,
        sources: tuple[SourceRange, SourceRange],
        *,
        room: int = WAITING_LIMIT,
        basis_of: BasisOf = lambda _: 0,
    ) -> None:
        """`rows` by key of every id in the batch; `waiting`, by key, every label that waits for one of them.

        `room`: how many more labels may begin to wait. A label beyond it is an orphan at once, and only there what is
        told depends on how the topics were interleaved.
        """
        self.rows = rows
        self.changed: dict[bytes, bytes | None] = {}
        """Those of them to be written."""
        self.read, _ = opened((), _NOTHING, _NOTHING)
        """Fixed parts of the predictions read, [n]."""
        self.opened: list[int] = []
        """Places of those that were opened."""
        self.fresh: dict[bytes, bytes] = {}
        """Labels that began to wait."""
        self.settled: dict[bytes, None] = {}
        """Keys of labels that wait no more."""
        self.pairs: list[tuple[int, bytes, LabelRecord]] = []
        """Signs and labelled rows, each with the label that brought it."""
        self.late: Counter[bytes] = Counter()
        """Predictions later than their own expiry, by packed origin."""
        self.dead: list[DeadLetter] = []
        self.counters: Counter[Outcome] = Counter()
        self._waiting = waiting
        self._room = room
        self._basis_of = basis_of
        self._horizon_of = horizon_of
        self._predictions, self._labels = sources

    def predict(self, keys: Sequence[bytes], records: Sequence[PredictionRecord], seen_ms: NDArray[np.int64]) -> None:
        """Takes predictions, [n] each: their keys, and their partition's watermark before each. Once."""
        rows, repeated = self.rows, 0
        origins = [record.origin for record in records]
        horizons = {origin: self._horizon_of(unpacked_origin(origin).model) for origin in set(origins)}
        self.read, whole = opened(records, seen_ms, np.array([horizons[origin] for origin in origins], np.int64))
        late = (self.read["seen_ms"] >= self.read["expires_ms"]).tolist()
        for place, (key, is_late, row) in enumerate(zip(keys, late, whole, strict=True)):
            known = rows[key]
            if is_late:
                self.late[origins[place]] += 1
            elif known is None or known[0] == WAITING:
                rows[key] = self.changed[key] = row
                self.opened.append(place)
                if known is not None:
                    self._meet(key, known)
            elif digest(known) == records[place].digest:
                repeated += 1
            else:
                self._conflict(records[place])
        self.counters.update(opened=len(self.opened), late=self.late.total(), repeated_prediction=repeated)

    def label(self, records: Iterable[tuple[int, bytes, LabelRecord]]) -> None:
        """Takes labels, each after its partition's watermark before it and its key."""
        rows = self.rows
        longest_ms = self._horizon_of(None)
        for seen_ms, key, record in records:
            row = rows[key]
            due_ms = record.time_ms + longest_ms
            known = row is not None and row[0] != WAITING
            if row is not None and known and self._told(key, row, record, seen_ms, due_ms):
                continue
            if self.counters["waiting"] >= self._room:
                self._orphan(record, None, _NO_ROOM)
                continue
            waits = waiting_key(due_ms, record.offset)
            self.fresh[waits] = packed_waiting(record, seen_ms)
            self.counters["waiting"] += 1
            if not known:
                rows[key] = self.changed[key] = with_reference(row, waits)

    def give_up(self, key: bytes, packed: bytes) -> None:
        """A waiting label is due: its prediction never came. Its id's row must be among `rows`."""
        label = unpacked_waiting(key, packed).label
        self._settle(key)
        self._orphan(label, None, _NEVER_CAME)
        (row_key,) = prediction_keys([label.id])
        row = self.rows[row_key]
        if row is not None and row[0] == WAITING:
            self.rows[row_key] = self.changed[row_key] = without_reference(row, key)

    def _meet(self, key: bytes, row: bytes) -> None:
        """Judges the labels that waited for a prediction just opened."""
        for waits in references(row):
            waiting = unpacked_waiting(waits, self._waiting[waits])
            now = self.rows[key]
            if now is not None and self._told(key, now, waiting.label, waiting.seen_ms, due_ms_of(waits)):
                self._settle(waits)

    def _told(self, key: bytes, row: bytes, label: LabelRecord, label_seen_ms: int, due_ms: int) -> bool:
        """Judges a label by its prediction's row, if the two see each other; returns whether they do."""
        time_ms, seen_ms, horizon_ms, expiry_ms, origin_size = times(row)
        if seen_ms >= due_ms or label_seen_ms >= expiry_ms:
            return False
        delay_ms = label.time_ms - time_ms
        if delay_ms > horizon_ms:
            model = unpacked_origin(origin_of(row, origin_size)).model
            self._orphan(label, model, f"{delay_ms} ms after its prediction; the horizon is {horizon_ms} ms")
            return True
        new = labelled(row, label, self._basis_of(origin_of(row, origin_size)))
        if new is None:
            self.counters["repeated_label"] += 1
            return True
        if row[0] == LABELLED:
            self.counters["corrected"] += 1
            self.pairs.append((-1, row, label))
        self.pairs.append((1, new, label))
        self.rows[key] = self.changed[key] = new
        return True

    def _settle(self, waits: bytes) -> None:
        self.counters["waiting"] -= 1
        if self.fresh.pop(waits, None) is None:
            self.settled[waits] = None

    def _orphan(self, label: LabelRecord, model: str | None, detail: str) -> None:
        self.counters["orphan"] += 1
        self.dead.append(of_record(Refusal("ORPHAN", detail), self._labels, label, model))

    def _conflict(self, record: PredictionRecord) -> None:
        self.counters["conflict"] += 1
        refusal = Refusal("CONFLICT", "another prediction has this id; the first holds")
        self.dead.append(of_record(refusal, self._predictions, record, unpacked_origin(record.origin).model))
