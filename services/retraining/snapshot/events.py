"""Predictions of a range as valid events: those that are wanted, and how many were refused on the way.

One decoder says what is valid to drift, to the join and here. Only records whose key is wanted are decoded, and Arrow
batches that hold such a row: what is invalid elsewhere is neither taken nor counted.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic_core import from_json

from runtime.decode.applied_shape import shape_of
from runtime.decode.arrow import CONTINUATION
from runtime.decode.arrow_stream import read_stream
from runtime.decode.arrow_table import Events
from runtime.decode.decoder import Decoder
from runtime.decode.shape import Shape
from runtime.decode.strict import unwrap
from runtime.decode.strict_json import MalformedError
from runtime.log.protocol import Message
from runtime.moved import with_keys
from schemas.baseline import Baseline
from schemas.monitor import Monitor

Event = Mapping[str, Any]
_OTHERS = Shape(segments=())
"""Of other models' events: nobody here knows more of them than the contract."""


class EventReader:
    """Reads the valid events of messages."""

    def __init__(self, monitor: Monitor, baseline: Baseline | None, now_ms: int) -> None:
        """`now_ms` stands in for timestamps that records lack."""
        self.refused: Counter[str] = Counter()
        """Events looked at and refused, by reason."""
        own = shape_of(baseline, monitor)
        self._model = monitor.model
        self._now_ms = now_ms
        self._decoder = Decoder(
            lambda model, _: own if model == monitor.model else _OTHERS,
            lambda model: monitor.strict and model == monitor.model,
        )

    def times_ms(self, messages: Sequence[Message]) -> list[int]:
        """The greatest event time of each of the model's versions in the messages."""
        groups = self._decoder.decode(with_keys(messages), self._now_ms).groups
        return [int(group.time_ms.max()) for group in groups if group.model == self._model]

    def wanted(self, messages: Sequence[Message], ids: Container[bytes]) -> Iterator[tuple[bytes, Event]]:
        """The valid events of the ids, in the messages' order, rows of a batch in theirs; of any model."""
        chosen: list[Message] = []
        batches: dict[int, _Batch] = {}
        for message in with_keys(messages):
            value = message.value() or b""
            if value.startswith(CONTINUATION):
                batch = _Batch(value, ids)
                if batch.readable and not batch.rows:
                    continue
                batches[len(chosen)] = batch
            elif message.key() not in ids:
                continue
            chosen.append(message)
        for number, row in self._valid(chosen):
            if row < 0:
                yield chosen[number].key() or b"", unwrap(from_json(chosen[number].value() or b""))
            elif row in batches[number].rows:
                yield batches[number].rows[row], batches[number].event(row)

    def _valid(self, messages: Sequence[Message]) -> list[tuple[int, int]]:
        """(message, row of its batch or -1) of each valid event, in order."""
        if not messages:
            return []
        decoded = self._decoder.decode(messages, self._now_ms)
        self.refused.update(letter.reason for letter in decoded.dead)
        if not decoded.groups:
            return []
        index = np.concatenate([group.index for group in decoded.groups])
        row = np.concatenate([group.row for group in decoded.groups])
        order = np.lexsort((row, index))
        return list(zip(index[order].tolist(), row[order].tolist(), strict=True))


class _Batch:
    """The rows of an Arrow batch whose ids are wanted."""

    def __init__(self, value: bytes, ids: Container[bytes]) -> None:
        self.rows: dict[int, bytes] = {}
        """Ids by row."""
        self.readable = True
        try:
            _, table = read_stream(value, set())
        except MalformedError:  # the decoder refuses it, and it is counted there
            self.readable = False
            return
        if table.num_rows:
            self._events = Events([table])
            names = self._events.plain.get("prediction_id")
            texts = enumerate(names.to_pylist() if names is not None else ())
            encoded = ((row, text.encode()) for row, text in texts if isinstance(text, str))
            self.rows = {row: own for row, own in encoded if own in ids}

    def event(self, row: int) -> Event:
        """A row as the event that JSON would say."""
        return self._events.event(row)
