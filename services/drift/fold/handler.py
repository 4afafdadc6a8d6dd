"""The hot tier as a pure function: a batch of records in, profiles, marks, dead letters and ledger out. No state."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from runtime.decode.decoded import Dead, Decoded
from runtime.decode.decoder import Decoder
from runtime.log.protocol import Batch, Message, OutRecord
from runtime.moved import copies
from runtime.watched import Watched
from schemas.base import SourceRange
from schemas.dead_letter import PAYLOAD_CAP_BYTES, DeadLetter
from schemas.ledger import Ledger
from schemas.profile import Mark
from services.drift.fold.plans import Plans
from services.drift.fold.profiling import profiles

SERVICE = "drift-fold"
Ints = NDArray[np.int64]


class FoldHandler:
    """Folds batches. What it keeps is derived from what was applied, and made anew when that changes."""

    def __init__(self, watched: Watched, profile_partitions: int) -> None:
        self._plans = Plans(watched)
        self._decoder = Decoder(self._plans.shape, self._plans.is_strict)
        self._profile_partitions = profile_partitions

    def fold(self, batch: Batch, wall_ms: int) -> list[OutRecord]:
        """Everything to write for one batch; the same batch and the same baselines give the same records."""
        out: list[OutRecord] = []
        self._plans.refresh()
        if batch.moved:
            runs = [(run.place, run.end - run.begin) for run in batch.runs]
            partition = np.repeat(*np.array(runs, np.int64).reshape(-1, 2).T)
            messages, again = batch.messages, copies(batch.messages)
            moved = Counter(partition[again].tolist())
            if again:
                first = np.setdiff1d(np.arange(len(messages)), again)
                messages, partition = [messages[place] for place in first.tolist()], partition[first]
            decoded = self._decoder.decode(messages, wall_ms)
            out += profiles(decoded, partition, batch.ranges, self._plans, wall_ms)
            out += dead_letters(decoded.dead, messages, batch.ranges)
            out += ledgers(decoded, partition, moved, batch.ranges, wall_ms)
        out += marks(batch, wall_ms, self._profile_partitions)
        return out


def dead_letters(
    dead: Iterable[Dead], messages: Sequence[Message], ranges: Mapping[int, SourceRange]
) -> Iterator[OutRecord]:
    """One record for each event that was not counted, with its bytes."""
    for letter in dead:
        message = messages[letter.index]
        payload = message.value() or b""
        source = ranges[message.partition()]
        row = "" if letter.row is None else f"/{letter.row}"
        key = f"{source.topic}/{source.partition}/{message.offset()}{row}"
        yield OutRecord(
            "dead-letters",
            key.encode(),
            DeadLetter(
                service=SERVICE,
                reason=letter.reason,
                detail=letter.detail,
                topic=source.topic,
                partition=source.partition,
                offset=message.offset(),
                row=letter.row,
                model=letter.model,
                time_ms=letter.time_ms,
                payload=payload[:PAYLOAD_CAP_BYTES],
                payload_size=len(payload),
                record_key=message.key(),
            ).to_json(),
        )


def ledgers(
    decoded: Decoded, partition: Ints, copied: Mapping[int, int], ranges: Mapping[int, SourceRange], wall_ms: int
) -> Iterator[OutRecord]:
    """One account for each source partition whose position rose, be it over transaction markers alone.

    `copied` counts, by partition, the records that were moved there: what they hold was counted where they lay before.
    """
    records = Counter(partition.tolist())
    moved = sorted(number for number, source in ranges.items() if source.end > source.start)
    counted: dict[int, Counter[str]] = {number: Counter() for number in moved}
    high: dict[int, int] = {}
    for group in decoded.groups:
        of_event = partition[group.index]
        for number in np.unique(of_event).tolist():
            mine = of_event == number
            counted[number][group.model] += int(mine.sum())
            high[number] = max(high.get(number, 0), int(group.time_ms[mine].max()))
    dead: dict[int, Counter[str]] = {number: Counter() for number in moved}
    for letter in decoded.dead:
        dead[int(partition[letter.index])][letter.reason] += 1
    for number in moved:
        source = ranges[number]
        yield OutRecord(
            "ledger",
            f"{SERVICE}/{source.key}".encode(),
            Ledger(
                service=SERVICE,
                source=source,
                wall_ms=wall_ms,
                records=records[number] + copied.get(number, 0),
                events=counted[number].total() + dead[number].total() + copied.get(number, 0),
                counted=dict(counted[number]),
                dead=dict(dead[number]),
                moved=copied.get(number, 0),
                repeated=decoded.repeated if number == moved[0] else 0,  # known for the batch only
                unknown_fields=decoded.unknown_fields if number == moved[0] else 0,
                high_ms=high.get(number),
            ).to_json(),
        )


def marks(batch: Batch, wall_ms: int, profile_partitions: int) -> Iterator[OutRecord]:
    """How far each assigned partition was read, to every partition of `profiles`."""
    for partition, source in batch.ranges.items():
        mark = Mark(source=source, wall_ms=wall_ms, caught_up=partition in batch.caught_up).to_json()
        for target in range(profile_partitions):
            yield OutRecord("profiles", b"mark", mark, partition=target)
