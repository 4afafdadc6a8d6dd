"""One model's rows, opened: an index of what there is, the rows in use, and the windows still to be closed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from schemas.monitor import Monitor
from schemas.windowing import WindowSpec
from services.drift.windows.rows import LearningRow, ModelRow, PublishedRow, SumRow, key_of, parts_of

WEEK_MS = 604_800_000
COMPARABLE_MS = 3_600_000
"""Levels this long or longer are kept a week further, for the comparison with the week before."""

Rows = Mapping[bytes, bytes]


class SumKey(NamedTuple):
    """Names a SumRow within a model."""

    version: str
    segment: str
    digest: str
    level_ms: int
    start_ms: int


class WindowKey(NamedTuple):
    """Names a window within a model."""

    version: str
    segment: str
    size_ms: int
    slide_ms: int
    start_ms: int

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""
        return self.start_ms + self.size_ms

    @property
    def steps(self) -> range:
        """Starts of the rows it is the sum of."""
        return range(self.start_ms, self.end_ms, self.slide_ms)


def windows_over(key: SumKey, specs: tuple[WindowSpec, ...]) -> Iterator[WindowKey]:
    """Every window that the row is a step of."""
    for spec in specs:
        if spec.slide_ms == key.level_ms:
            for start in range(key.start_ms - spec.size + spec.slide_ms, key.start_ms + 1, spec.slide_ms):
                yield WindowKey(key.version, key.segment, spec.size, spec.slide_ms, start)


def retention_ms(level_ms: int, monitor: Monitor) -> int:
    """How long after its end (event time) a row can still be asked for."""
    longest = max((spec.size for spec in monitor.windows if spec.slide_ms == level_ms), default=level_ms)
    return longest + monitor.horizon + (WEEK_MS if level_ms >= COMPARABLE_MS else 0)


class Book:
    """Rows of one model in one partition of `profiles`. Changes are collected in `writes`, in the order made."""

    def __init__(self, model: str, rows: Rows, keys: list[bytes]) -> None:
        self.model = model
        self.writes: dict[bytes, bytes | None] = {}
        self.pending: set[WindowKey] = set()
        """Windows with rows in them that have not closed."""
        self.changed: set[WindowKey] = set()
        """Of them, those with more in them than their newest revision says."""
        self.corrected: set[WindowKey] = set()
        """Closed windows with more in them than their newest revision says."""
        self._rows = rows
        self._specs: tuple[WindowSpec, ...] = ()
        self._digests: dict[tuple[str, str, int, int], set[str]] = {}
        self._sums: dict[SumKey, SumRow] = {}
        self._published: dict[WindowKey, PublishedRow] = {}
        self.row_changed = False
        self.next_end_ms = 0
        """No pending window ends before."""
        head = rows.get(key_of("model", model))
        self.row = ModelRow.from_bytes(head) if head is not None else ModelRow()
        for key in keys:
            kind, _, *rest = parts_of(key)
            if kind == "sum":
                self._enter(SumKey(*rest))
            elif kind == "window":
                self._published[WindowKey(*rest)] = PublishedRow.from_bytes(rows[key])

    def _enter(self, key: SumKey) -> None:
        self._digests.setdefault((key.version, key.segment, key.level_ms, key.start_ms), set()).add(key.digest)

    def reopen(self, monitor: Monitor) -> None:
        """After a restart: every window over a row that the watermark has not passed is to be closed yet."""
        for key in self.sums():
            open_ = (
                window for window in windows_over(key, monitor.windows) if not self.has_closed(window.end_ms, monitor)
            )
            self.pending.update(open_)
        stale = {window for window, published in self._published.items() if published.stale}
        self.corrected = stale - self.pending
        self.changed = {window for window in self.pending if window in stale or not self._is_final(window)}

    def touch(self, key: SumKey, monitor: Monitor) -> None:
        """Notes that a row is about to change. Comes before `put_sum`: a crash in between must not lose the note."""
        for window in windows_over(key, monitor.windows):
            has_closed = self.has_closed(window.end_ms, monitor)
            if has_closed:
                self.corrected.add(window)
            else:
                self.pending.add(window)
                self.changed.add(window)
                self.next_end_ms = min(self.next_end_ms, window.end_ms)
            if has_closed or self._is_final(window):
                self._note_stale(window)

    def follow(self, monitor: Monitor) -> None:
        """Lets go of windows that the monitor no longer asks for: nothing is added to them, they stay as they are."""
        if monitor.windows != self._specs:
            self._specs = monitor.windows
            asked = {(spec.size, spec.slide_ms) for spec in monitor.windows}
            for windows in (self.pending, self.changed, self.corrected):
                windows.difference_update([w for w in windows if (w.size_ms, w.slide_ms) not in asked])

    def _note_stale(self, window: WindowKey) -> None:
        published = self._published.get(window) or PublishedRow(-1, final=False, wall_ms=0)
        if not published.stale:
            self._store(window, replace(published, stale=True))

    def has_closed(self, end_ms: int, monitor: Monitor) -> bool:
        """Whether the watermark has passed an end by the allowed lateness."""
        closed_ms = self.row.closed_ms
        return closed_ms is not None and end_ms + monitor.lateness <= closed_ms

    def owes(self, window: WindowKey) -> bool:
        """Whether a window that is over needs another revision."""
        return window in self.changed or not self._is_final(window)

    def _is_final(self, key: WindowKey) -> bool:
        published = self._published.get(key)
        return published is not None and published.final

    def sums(self) -> Iterator[SumKey]:
        """Keys of all sum rows."""
        for (version, segment, level_ms, start_ms), digests in self._digests.items():
            for digest in digests:
                yield SumKey(version, segment, digest, level_ms, start_ms)

    def steps(self, window: WindowKey) -> Iterator[SumKey]:
        """Keys of the rows a window is the sum of."""
        for start_ms in window.steps:
            place = (window.version, window.segment, window.slide_ms, start_ms)
            for digest in self._digests.get(place, ()):
                yield SumKey(window.version, window.segment, digest, window.slide_ms, start_ms)

    def sum(self, key: SumKey) -> SumRow | None:
        """A row, or None where nothing was merged yet."""
        if key not in self._sums:
            data = self._rows.get(key_of("sum", self.model, *key))
            if data is None:
                return None
            self._sums[key] = SumRow.from_bytes(data)
        return self._sums[key]

    def put_sum(self, key: SumKey, row: SumRow) -> None:
        """Keeps a changed row."""
        self._enter(key)
        self._sums[key] = row
        self.writes[key_of("sum", self.model, *key)] = row.to_bytes()

    def published(self, key: WindowKey) -> PublishedRow | None:
        """The newest revision of a window."""
        return self._published.get(key)

    def put_published(self, key: WindowKey, row: PublishedRow) -> None:
        """Keeps a new revision."""
        self.changed.discard(key)
        self.corrected.discard(key)
        self._store(key, row)

    def _store(self, key: WindowKey, row: PublishedRow) -> None:
        self._published[key] = row
        self.writes[key_of("window", self.model, *key)] = row.to_bytes()

    def learning(self, version: str) -> LearningRow:
        """What has been learned of a version."""
        data = self.get("learning", version)
        return LearningRow.from_bytes(data) if data is not None else LearningRow()

    def put_learning(self, version: str, row: LearningRow) -> None:
        """Keeps what has been learned."""
        self.put(row.to_bytes(), "learning", version)

    def get(self, *parts: str | int) -> bytes | None:
        """The row of a kind of its own that these parts name, as it is after all changes; the kind comes first."""
        kind, *rest = parts
        key = key_of(kind, self.model, *rest)
        return self.writes[key] if key in self.writes else self._rows.get(key)

    def put(self, data: bytes | None, *parts: str | int) -> None:
        """Keeps such a row, written after all that was kept before; None deletes it."""
        kind, *rest = parts
        key = key_of(kind, self.model, *rest)
        self.writes.pop(key, None)
        self.writes[key] = data

    def forget(self, monitor: Monitor) -> None:
        """Drops rows that nothing can ask for any more, and closes the open copies of closed ones."""
        if self.row.closed_ms is None:
            return
        before = self.row.closed_ms - monitor.lateness
        for key in list(self._sums):
            if key.start_ms + key.level_ms <= before:
                del self._sums[key]
        for place in [p for p in self._digests if p[3] + p[2] + retention_ms(p[2], monitor) <= before]:
            for digest in self._digests.pop(place):
                self.writes[key_of("sum", self.model, place[0], place[1], digest, place[2], place[3])] = None
        in_use = self.pending | self.corrected
        for window in [w for w in self._published if w.end_ms + monitor.horizon <= before and w not in in_use]:
            del self._published[window]
            self.writes[key_of("window", self.model, *window)] = None

    def take_writes(self) -> dict[bytes, bytes | None]:
        """Everything changed since the last call, the model's own row last: a crash keeps a beginning of them."""
        writes, self.writes = self.writes, {}
        if writes or self.row_changed:
            writes[key_of("model", self.model)] = self.row.to_bytes()
        self.row_changed = False
        return writes
