"""A keyed projection as its author sees it: one event and the rows of its partition in, records and row changes out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.log.protocol import OutRecord
from runtime.settings import KafkaSettings
from schemas.dead_letter import Reason


@dataclass(frozen=True, slots=True)
class Event:
    """One record of the source topic; of transactions only committed ones come."""

    topic: str
    """The catalogue's name, without prefix."""
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    """Never missing: the shell dead-letters tombstones."""
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """What an event leads to. All of `out` is acknowledged before the first of `writes` goes out, in its order.

    A crash in between gives the event again, with the rows as they were before it: `out` is written a second time.
    """

    out: Sequence[OutRecord] = ()
    writes: Mapping[bytes, bytes | None] = field(default_factory=dict)
    """By row key; None deletes. Put the row that carries the positions last: a crash keeps a beginning of them."""


class BadRecord(ValueError):  # noqa: N818  names the record, as dead letters do
    """The event itself is at fault: it goes to `dead-letters`, and the next one follows."""

    def __init__(self, reason: Reason, detail: str, *, model: str | None = None, time_ms: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.model = model
        self.time_ms = time_ms


class Rows(Mapping[bytes, bytes]):
    """The rows of one source partition, and of no other.

    `generation` is a number that changes whenever rows changed by anything but the handler's own effects (recovery, a
    partition that came from elsewhere): whoever keeps an index over rows drops it then. It is never used twice.
    """

    def __init__(self, partition: int = 0, generation: int = 0, rows: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.partition = partition
        self.generation = generation
        self._rows = dict(rows)

    def __getitem__(self, key: bytes) -> bytes:
        return self._rows[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Sets a row, or deletes it; for the shell, and for tests that are one."""
        if value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value


Handler = Callable[[Event, Rows], Effects]
"""Pure but for caches of its own. Raises BadRecord for a bad event; any other exception ends the process."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a service brings: its handler and where it belongs."""

    service: str
    """Also the consumer group, after the topic prefix."""
    source: str
    """The topic read, by its name in the catalogue."""
    handle: Handler
    data_dir: Path
    """Faust's working directory; nothing in it is needed again."""
    slot: str = "0"
    """Names this process within its group; at most one process a slot."""
    table: str = "rows"
    stall_s: float = 30.0
    """Longest time an event, or a partition with something to do, may stand still."""

    def changelog(self, settings: KafkaSettings) -> str:
        """The full name of the topic that keeps the rows."""
        return f"{settings.topic(self.service)}-{self.table}-changelog"
