"""Labels of a stretch of time, by the id of their prediction. The contract's own model says which are valid."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from runtime.decode.strict import unwrap
from runtime.decode.strict_json import MalformedError, parse
from runtime.decode.verdict import Refusal, future, refusal_of
from runtime.log.partitioning import partition_of
from runtime.log.protocol import Message
from runtime.moved import with_keys
from schemas.label import Label
from services.retraining.snapshot.smallest import Smallest, hash_of


class Told(NamedTuple):
    """What one label says."""

    time_ms: int
    label: float | str
    value: float | None


Candidates = list[Told]
"""Labels of one id in offset order, each later than those before it: the last that is in time holds."""


def in_time(candidates: Candidates, latest_ms: int) -> Told | None:
    """Of labels told no later than this, the one that was written last; None where there is none."""
    return next((told for told in reversed(candidates) if told.time_ms <= latest_ms), None)


class LabelReader:
    """Takes labels told from `from_ms` to `until_ms`, at most `limit` ids at a time, by the smallest hashes."""

    def __init__(self, from_ms: int, until_ms: int, refused: Counter[str]) -> None:
        """`refused` counts labels that were looked at and are invalid, by reason."""
        self._from_ms, self._until_ms = from_ms, until_ms
        self._refused = refused

    def take(self, messages: Iterable[Message], partitions: int, into: Smallest[Candidates]) -> None:
        """Adds the labels of messages of one partition, in offset order.

        A record on a partition that its key does not belong to is passed over: its copy counts (runtime/moved.py).
        """
        for message in with_keys(list(messages)):
            key = message.key() or b""
            hashed = hash_of(key)
            if not into.has_place(hashed):
                continue
            try:
                label = _valid(message, key, self._until_ms)
            except Refusal as refusal:
                self._refused[refusal.reason] += 1
                continue
            if not self._from_ms <= label.time_ms <= self._until_ms:
                continue
            if partition_of(key, partitions) == message.partition():
                known = into.values.get(key)
                into.put(key, hashed, _with([] if known is None else known[1], label))


def _with(candidates: Candidates, label: Label) -> Candidates:
    """The candidates and a label written after them: no earlier told one can hold any more."""
    while candidates and candidates[-1].time_ms >= label.time_ms:
        candidates.pop()
    candidates.append(Told(label.time_ms, label.label, label.value))
    return candidates


def _valid(message: Message, key: bytes, now_ms: int) -> Label:
    """The label in a record. Raises Refusal. `now_ms` stands in for a timestamp that the record lacks."""
    try:
        label = Label.model_validate(unwrap(parse(message.value() or b"")))
    except MalformedError as error:
        raise Refusal("MALFORMED", str(error)) from None
    except ValidationError as errors:
        raise refusal_of(errors) from None
    if key != label.prediction_id.encode():
        raise Refusal("KEY", "the record's key is not the prediction_id")
    kind, stamped_ms = message.timestamp()
    if refusal := future(label.time_ms, stamped_ms if kind else now_ms):
        raise refusal
    return label
