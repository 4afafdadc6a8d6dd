"""The exact streaming join of one partition's predictions and labels: plan a batch, commit its outputs, then apply it.

Data and both positions go to the store in one write, after the outputs were committed: the store may be behind the
committed offsets, never ahead. What lies between them is replayed in silence: the same plan, without outputs.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rocksdict import WriteBatch

from runtime.errors import OperatorError
from schemas.base import SourceRange
from schemas.dead_letter import DeadLetter
from services.performance.join.matching import WAITING_LIMIT, BasisOf, HorizonOf, Matching, Outcome
from services.performance.join.pairs import Made, Pairs, made_of, pairs_of
from services.performance.join.placing import partitions_of
from services.performance.join.records import LabelRecord, Origin, Part, PredictionRecord, unpacked_origin
from services.performance.join.rows import (
    ROW,
    WAITING,
    due_ms_of,
    expiry_key,
    packed_ids,
    prediction_keys,
    references,
    unpacked_ids,
    waiting_id,
    waiting_key,
)
from services.performance.join.store import JoinStore, State, batch_of

_EXPIRED_AT_ONCE = 20_000
"""Predictions deleted with one batch, at least; more only if it is larger. The rest follow with the next."""

_NO_ROWS = np.empty(0, ROW)

Kept = TypeVar("Kept", PredictionRecord, LabelRecord)


class PositionError(OperatorError):
    """A batch does not begin where the store ends."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a batch brings, before any of it is written. A silent one has only `writes` and the states around it."""

    writes: WriteBatch
    before: State
    after: State
    pairs: Pairs = field(default_factory=lambda: pairs_of((), ()))
    told: Sequence[LabelRecord] = ()
    """The label that brought each of the pairs."""
    made: Made = field(default_factory=lambda: made_of(_NO_ROWS, ()))
    """The predictions opened."""
    late: Counter[Origin] = field(default_factory=Counter)
    """Predictions later than their own expiry: not kept, their labels are orphans."""
    dead: Sequence[DeadLetter] = ()
    misplaced_predictions: Sequence[PredictionRecord] = ()
    misplaced_labels: Sequence[LabelRecord] = ()
    """Records whose id belongs to another partition: to be written there. Nothing else came of them."""
    counters: Counter[Outcome] = field(default_factory=Counter)


class Join:
    """The join on one store.

    `horizon_of` is asked once for a prediction, when it is read, and `basis_of` for a pair, when it is made; the store
    keeps what they said.
    """

    def __init__(
        self,
        store: JoinStore,
        horizon_of: HorizonOf,
        waiting_limit: int = WAITING_LIMIT,
        basis_of: BasisOf = lambda _: 0,
    ) -> None:
        self.store = store
        self._basis_of = basis_of
        self._horizon_of = horizon_of
        self._waiting_limit = waiting_limit

    def plan(
        self,
        predictions: Part[PredictionRecord],
        labels: Part[LabelRecord],
        *,
        silent: bool = False,
        quiet_ms: int = 0,
        noted: tuple[int, int] | None = None,
    ) -> Planned:
        """What a batch brings. Reads the store and writes nothing, so a batch that is rewound is planned again.

        `quiet_ms`: event time that labels have surely passed though none says so (see quiet.py). It lets predictions
        expire and nothing else, so that what is told does not depend on it. `noted` goes into the state as it is.
        Raises PositionError when the parts do not begin at the store's positions, and StoreCorruptError.
        """
        before = self.store.state
        self._check(predictions.source, labels.source)
        own_predictions, misplaced_predictions = _placed(predictions)
        own_labels, misplaced_labels = _placed(labels)
        keys = prediction_keys([record.id for record in own_predictions])
        label_keys = prediction_keys([record.id for record in own_labels])
        matching = self._matching(keys, label_keys)
        seen, predictions_ms = _watermarks(before.predictions_ms, own_predictions)
        matching.predict(keys, own_predictions, seen)
        seen, labels_ms = _watermarks(before.labels_ms, own_labels)
        matching.label(zip(seen.tolist(), label_keys, own_labels, strict=True))
        self._give_up(matching, before.low_ms, min(predictions_ms, labels_ms))
        expired_ms = min(predictions_ms, max(labels_ms, quiet_ms))
        kept, gone = _kept(matching, own_predictions, expired_ms)
        expired, lists = self._expired(before.expired, expired_ms, len(own_predictions) + len(own_labels))
        after = State(
            before.positions | {part.source.topic: part.source.end for part in (predictions, labels)},
            predictions_ms,
            labels_ms,
            lists[-1] if lists else before.expired,
            before.waiting + matching.counters["waiting"],
            noted or before.noted,
        )
        listed = {expiry_key(at_ms, predictions.source.start): packed_ids(ids) for at_ms, ids in kept.items()}
        deleted = dict.fromkeys(chain(matching.settled, gone, expired, lists))
        writes = {**matching.changed, **matching.fresh, **listed, **deleted}
        if silent:
            return Planned(batch_of(writes), before, after)
        matching.counters.update(
            joined=sum(sign for sign, *_ in matching.pairs),
            expired=len(gone) + len(expired),
            misplaced_prediction=len(misplaced_predictions),
            misplaced_label=len(misplaced_labels),
        )
        signs, rows, told = zip(*matching.pairs, strict=True) if matching.pairs else ((), (), ())
        return Planned(
            batch_of(writes),
            before,
            after,
            pairs_of(signs, rows),
            told,
            made_of(matching.read[matching.opened], [own_predictions[place] for place in matching.opened]),
            Counter({unpacked_origin(origin): n for origin, n in matching.late.items()}),
            matching.dead,
            misplaced_predictions,
            misplaced_labels,
            matching.counters,
        )

    def apply(self, planned: Planned) -> None:
        """Writes a planned batch and both positions, all or nothing; call it once its outputs are committed.

        Raises PositionError when another batch was applied since it was planned.
        """
        if planned.before is not self.store.state:
            raise PositionError("the join's store has moved on since this batch was planned", "plan the batch again")
        self.store.write(planned.writes, planned.after)

    def _check(self, *sources: SourceRange) -> None:
        for source, own in zip(sources, self.store.sources, strict=True):
            position = self.store.state.positions.get(own.topic, source.start)
            if source.key != own.key or source.start != position:
                raise PositionError(
                    f"the join's store is at offset {position} of {own.topic} {own.key}, and was given"
                    f" {source.topic} {source.key} from offset {source.start}",
                    "replay from the store's positions, or delete the store to rebuild it from the oldest record",
                )

    def _matching(self, predicted: Sequence[bytes], told: Sequence[bytes]) -> Matching:
        """Reads what a batch needs: one multi-get, and a second where predictions come after their labels."""
        keys = list(dict.fromkeys(chain(predicted, told)))
        rows = dict(zip(keys, self.store.get(keys), strict=True))
        early = {key: row for key in predicted if (row := rows[key]) is not None and row[0] == WAITING}
        waiting = list(chain.from_iterable(map(references, early.values())))
        found = zip(waiting, self.store.get(waiting), strict=True)
        values = {key: value for key, value in found if value is not None}
        room = self._waiting_limit - self.store.state.waiting
        return Matching(rows, values, self._horizon_of, self.store.sources, room=room, basis_of=self._basis_of)

    def _give_up(self, matching: Matching, low_before_ms: int, low_ms: int) -> None:
        """Ends the waiting of labels that are due."""
        stored = self.store.scan(waiting_key(low_before_ms, 0), waiting_key(low_ms + 1, 0))
        due = [(key, value) for key, value in stored if key not in matching.settled]
        due += sorted(item for item in matching.fresh.items() if due_ms_of(item[0]) <= low_ms)
        keys = dict.fromkeys(prediction_keys([waiting_id(value) for _, value in due]))
        unread = [key for key in keys if key not in matching.rows]
        matching.rows.update(zip(unread, self.store.get(unread), strict=True))
        for key, value in due:
            matching.give_up(key, value)

    def _expired(self, after: bytes, until_ms: int, records: int) -> tuple[list[bytes], list[bytes]]:
        """Keys of predictions that expire until then, some at a time, and of the lists they stand in."""
        expired: list[bytes] = []
        lists: list[bytes] = []
        begin = after + b"\0" if after else expiry_key(0, 0)
        for key, packed in self.store.scan(begin, expiry_key(until_ms + 1, 0)):
            expired += prediction_keys([*unpacked_ids(packed)])
            lists.append(key)
            if len(expired) >= max(_EXPIRED_AT_ONCE, 4 * records):
                break
        return expired, lists


def _placed(part: Part[Kept]) -> tuple[Sequence[Kept], list[Kept]]:
    """The records that belong to the part's partition, and those that do not."""
    placed = partitions_of([record.id for record in part.records], part.source.partitions)
    wrong = np.flatnonzero(placed != part.source.partition).tolist()
    if not wrong:
        return part.records, []
    others = set(wrong)
    own = [record for place, record in enumerate(part.records) if place not in others]
    return own, [part.records[place] for place in wrong]


def _watermarks(before_ms: int, records: Sequence[Kept]) -> tuple[NDArray[np.int64], int]:
    """The watermark before each record, and after all of them."""
    seen = np.maximum.accumulate([before_ms, *[record.time_ms for record in records]])
    return seen[:-1], int(seen[-1])


def _kept(
    matching: Matching, records: Sequence[PredictionRecord], until_ms: int
) -> tuple[Mapping[int, Sequence[bytes]], Sequence[bytes]]:
    """Of the predictions opened: ids by expiry, and keys of those that have expired already and are not kept."""
    ids: dict[int, list[bytes]] = defaultdict(list)
    for place, expires_ms in zip(matching.opened, matching.read["expires_ms"][matching.opened].tolist(), strict=True):
        ids[expires_ms].append(records[place].id)
    gone = [one for expires_ms in [*ids] if expires_ms <= until_ms for one in ids.pop(expires_ms)]
    return ids, prediction_keys(gone)
