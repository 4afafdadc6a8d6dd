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

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from runtime.decode.verdict import Refusal
from schemas.base import SourceRange
from services.performance.join.letters import of_record
from services.performance.join.records import LabelRecord, PredictionRecord, unpacked_origin
from services.performance.join.rows import (
    LABELLED,
    WAITING,
    digest,
    due_ms_of,
    expires_ms,
    labelled,
    origin_of,
    packed_prediction,
    packed_waiting,
    prediction_key,
    references,
    times,
    unpacked_waiting,
    waiting_key,
    with_reference,
    without_reference,
)  # fmt: skip

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
        self.changed: dict[bytes, None] = {}
        """Keys of `rows` to be written."""
        self.opened: dict[int, list[bytes]] = defaultdict(list)
        """Ids by expiry, in milliseconds."""
        self.fresh: dict[bytes, bytes] = {}
        """Labels that began to wait."""
        self.settled: dict[bytes, None] = {}
        """Keys of labels that wait no more."""
        self.made: list[bytes] = []
        """Rows of the predictions opened, as they were then."""
        self.pairs: list[tuple[int, bytes]] = []
        self.told: list[LabelRecord] = []
        """The label that brought each of the pairs."""
        self.late: Counter[bytes] = Counter()
        """Predictions later than their own expiry, by packed origin."""
        self.dead: list[DeadLetter] = []
        self.counters: Counter[Outcome] = Counter()
        self._waiting = waiting
        self._room = room
        self._basis_of = basis_of
        self._horizon_of = horizon_of
        self._predictions, self._labels = sources

    def predict(self, records: Iterable[tuple[int, bytes, PredictionRecord]]) -> None:
        """Takes predictions, each after its partition's watermark before it and its key."""
        rows = self.rows
        horizons: dict[bytes, int] = {}
        repeated = 0
        for seen_ms, key, record in records:
            origin = record.origin
            horizon_ms = horizons.get(origin)
            if horizon_ms is None:
                horizon_ms = horizons[origin] = self._horizon_of(unpacked_origin(origin).model)
            expiry_ms = expires_ms(record.time_ms, horizon_ms)
            row = rows[key]
            if seen_ms >= expiry_ms:
                self.late[origin] += 1
            elif row is None or row[0] == WAITING:
                self.opened[expiry_ms].append(record.id)
                made = rows[key] = packed_prediction(record, seen_ms, horizon_ms, expiry_ms)
                self.made.append(made)
                self.changed[key] = None
                if row is not None:
                    self._meet(key, row)
            elif digest(row) == record.digest:
                repeated += 1
            else:
                self._conflict(record)
        self.counters.update(opened=len(self.made), late=self.late.total(), repeated_prediction=repeated)

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
                rows[key] = with_reference(row, waits)
                self.changed[key] = None

    def give_up(self, key: bytes, packed: bytes) -> None:
        """A waiting label is due: its prediction never came. Its id's row must be among `rows`."""
        label = unpacked_waiting(key, packed).label
        self._settle(key)
        self._orphan(label, None, _NEVER_CAME)
        row_key = prediction_key(label.id)
        row = self.rows[row_key]
        if row is not None and row[0] == WAITING:
            self.rows[row_key] = without_reference(row, key)
            self.changed[row_key] = None

    def _meet(self, key: bytes, row: bytes) -> None:
        """Judges the labels that waited for a prediction just opened."""
        for waits in references(row):
            waiting = unpacked_waiting(waits, self._waiting[waits])
            opened = self.rows[key]
            if opened is not None and self._told(key, opened, waiting.label, waiting.seen_ms, due_ms_of(waits)):
                self._settle(waits)

    def _told(self, key: bytes, row: bytes, label: LabelRecord, label_seen_ms: int, due_ms: int) -> bool:
        """Judges a label by its prediction's row, if the two see each other; returns whether they do."""
        time_ms, seen_ms, horizon_ms, expiry_ms = times(row)
        if seen_ms >= due_ms or label_seen_ms >= expiry_ms:
            return False
        delay_ms = label.time_ms - time_ms
        if delay_ms > horizon_ms:
            model = unpacked_origin(origin_of(row)).model
            self._orphan(label, model, f"{delay_ms} ms after its prediction; the horizon is {horizon_ms} ms")
            return True
        new = labelled(row, label, self._basis_of(origin_of(row)))
        if new is None:
            self.counters["repeated_label"] += 1
            return True
        if row[0] == LABELLED:
            self.counters["corrected"] += 1
            self.pairs.append((-1, row))
            self.told.append(label)
        self.pairs.append((1, new))
        self.told.append(label)
        self.rows[key] = new
        self.changed[key] = None
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
