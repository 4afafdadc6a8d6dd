"""Kafka records in, columns and verdicts out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.decode.arrow import CONTINUATION
from runtime.decode.arrow_groups import Stream, decode_streams
from runtime.decode.batch import Batch, has_unknown_field
from runtime.decode.decoded import Dead, Decoded, Group, repeated_ids
from runtime.decode.discover import discover
from runtime.decode.merge import merged
from runtime.decode.program import Program
from runtime.decode.rows import BAIL
from runtime.decode.strict import Judged, Shapes, Strict, judge, not_strict
from runtime.decode.verdict import FUTURE_MS, Readable, Refusal, future
from runtime.log.protocol import Message

_FIRST_CHUNK = 64
"""Events the strict path judges before the compiled parser, which may have learned from them, tries the rest again."""
_DISCOVERED = 512
"""Events without a baseline that become columns at a time, while they are still in the processor's cache."""
_SAMPLES = 64
"""Record timestamps looked at in a batch; an event beyond the oldest by half of FUTURE_MS is checked by its own."""


class Decoder:
    """Decodes batches. Keeps what it learned of shapes and names from one batch to the next, and nothing else."""

    def __init__(self, shapes: Shapes, strict: Strict = not_strict, *, compiled: bool = True) -> None:
        """`compiled` False leaves every event to the strict path: the same answers at a thirtieth of the speed."""
        self._shapes = shapes
        self._strict = strict
        self._compiled = compiled
        self._program = Program()

    def decode(self, messages: Sequence[Message], now_ms: int) -> Decoded:
        """Every event of the messages: in a group, or dead. `now_ms` stands in for timestamps that records lack."""
        self._forget_changed_shapes()
        records = _Records(messages, now_ms)
        decoded = Decoded(events=len(messages))
        batch = Batch(records.values, records.keys, self._program)
        pending = np.arange(len(messages))
        if self._compiled:
            pending = batch.parse(pending)
        streams = [row for row in pending.tolist() if records.values[row].startswith(CONTINUATION)]
        groups = self._judge(np.setdiff1d(pending, streams), records, batch, decoded)
        self._refuse_future(batch, records, decoded)
        decoded.unknown_fields += int(np.count_nonzero(batch.rows.unknown[batch.rows.shape != BAIL]))
        groups += batch.groups()
        if streams:
            held = [Stream(row, records.values[row], records.timestamp_ms(row)) for row in streams]
            groups += decode_streams(held, self._shapes, self._strict, decoded)
        groups = merged(groups)
        decoded.dead.sort(key=lambda letter: (letter.index, letter.row or 0))
        decoded.groups = groups
        if groups:
            decoded.repeated = repeated_ids(np.concatenate([group.id_hash for group in groups]))
        return decoded

    def _judge(self, pending: NDArray[np.int64], records: "_Records", batch: Batch, decoded: Decoded) -> list[Group]:
        """Lets the strict path judge what is pending; returns groups of the events without a baseline."""
        unknown: dict[tuple[str, str], list[tuple[int, Judged]]] = {}
        groups: list[Group] = []
        chunk = _FIRST_CHUNK
        while len(pending):
            known = len(self._program.symbols)
            for row in pending[:chunk].tolist():
                key, stamped_ms = records.keys[row], records.timestamp_ms(row)
                judged = judge(records.values[row], key, stamped_ms, self._shapes, self._strict)
                decoded.strictly += 1
                if judged.refusal:
                    decoded.dead.append(_dead(row, judged.refusal, judged.origin))
                elif judged.shape.discover:
                    decoded.unknown_fields += has_unknown_field(judged.event)
                    found = unknown.setdefault(_name(judged.event), [])
                    found.append((row, judged))
                    if len(found) == _DISCOVERED:
                        groups.append(_discovered(unknown.pop(_name(judged.event))))
                else:
                    batch.write(row, self._number(judged), judged.event)
            pending = pending[chunk:]
            chunk *= 2
            if self._compiled and len(self._program.symbols) != known:
                pending = batch.parse(pending)
        return groups + [_discovered(found) for found in unknown.values()]

    def _forget_changed_shapes(self) -> None:
        """Starts afresh when a baseline or monitor has changed."""
        program = self._program
        if any(self._shapes(*name) is not shape for name, shape in zip(program.names, program.shapes, strict=True)):
            self._program = Program()

    def _number(self, judged: Judged) -> int:
        name = _name(judged.event)
        number = self._program.numbers.get(name)
        return self._program.add(*name, judged.shape) if number is None else number

    def _refuse_future(self, batch: Batch, records: "_Records", decoded: Decoded) -> None:
        """Refuses events further ahead of their record than FUTURE_MS."""
        rows = batch.rows
        suspect = (rows.shape != BAIL) & (rows.time_ms > records.oldest_ms() + FUTURE_MS // 2)
        for row in np.flatnonzero(suspect).tolist():
            time_ms = int(rows.time_ms[row])
            refusal = future(time_ms, records.timestamp_ms(row))
            if refusal:
                name = self._program.names[rows.shape[row]]
                decoded.dead.append(_dead(row, refusal, Readable(name[0], name[1], time_ms)))
                rows.shape[row] = BAIL


class _Records:
    """Values, keys and timestamps of a batch's messages."""

    def __init__(self, messages: Sequence[Message], now_ms: int) -> None:
        self.values = [message.value() or b"" for message in messages]
        self.keys = [message.key() or b"" for message in messages]
        self._messages = messages
        self._now_ms = now_ms

    def timestamp_ms(self, row: int) -> int:
        """When a record was stamped; now where it was not."""
        kind, stamped_ms = self._messages[row].timestamp()
        return stamped_ms if kind else self._now_ms

    def oldest_ms(self) -> int:
        """The oldest timestamp of a sample of the records."""
        n = len(self.values)
        return min(map(self.timestamp_ms, range(0, n, n // _SAMPLES + 1)), default=self._now_ms)


def _dead(index: int, refusal: Refusal, origin: Readable) -> Dead:
    return Dead(index, None, refusal.reason, refusal.detail, origin.model, origin.version, origin.time_ms)


def _name(event: Mapping[str, Any]) -> tuple[str, str]:
    return event["model"], event["version"]


def _discovered(found: list[tuple[int, Judged]]) -> Group:
    events = [judged.event for _, judged in found]
    return discover(found[0][1].shape, [row for row, _ in found], [-1] * len(found), events)
