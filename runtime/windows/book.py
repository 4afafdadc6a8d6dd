"""One series' rows, opened: an index of what there is, the rows in use, and the windows still to be closed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from runtime.windows.keys import SumKey, WindowKey, windows_over
from runtime.windows.rows import PublishedRow, SeriesRow, SumRow, key_of, parts_of
from runtime.windows.rules import WEEK_MS, WindowRules, retention_ms

SILENT_MS = 4 * WEEK_MS
"""So long (event time) after its newest row began, the service's own rows of a version are forgotten."""

Rows = Mapping[bytes, bytes]


class Book:
    """Rows of one series in one partition of its partials' topic. Changes are collected in `writes`, in the order made.

    Beside sums and windows a service keeps rows of kinds of its own, by version: `get` and `put`.
    """

    def __init__(
        self, series: str, model: str, rows: Rows, keys: Iterable[bytes], beside: Mapping[str, "Book"]
    ) -> None:
        self.series = series
        self.model = model
        self.beside = beside
        """All books of the partition by series, this one among them."""
        self.writes: dict[bytes, bytes | None] = {}
        self.pending: set[WindowKey] = set()
        """Windows with rows in them that have not closed."""
        self.changed: set[WindowKey] = set()
        """Of them, those with more in them than their newest revision says."""
        self.corrected: set[WindowKey] = set()
        """Closed windows with more in them than their newest revision says."""
        self._rows = rows
        self._taken: dict[bytes, bytes | None] = {}
        """What was taken to be stored last: other series may ask for it before it is."""
        self._asked: set[tuple[int, int]] = set()
        """(size, slide) of the windows that the rules ask for."""
        self._digests: dict[tuple[str, str, int, int], set[str]] = {}
        self._sums: dict[SumKey, SumRow] = {}
        self._published: dict[WindowKey, PublishedRow] = {}
        self._own: dict[str, set[bytes]] = {}
        """By version, keys of the rows of the service's own kinds."""
        self.row_changed = False
        self.next_end_ms = 0
        """No pending window ends before."""
        head = rows.get(key_of("model", series))
        self.row = SeriesRow.from_bytes(head) if head is not None else SeriesRow()
        for key in keys:
            kind, _, *rest = parts_of(key)
            if kind == "sum":
                self._enter(SumKey(*rest))
            elif kind == "window":
                self._published[WindowKey(*rest)] = PublishedRow.from_bytes(rows[key])
            elif kind != "model":
                self._own.setdefault(rest[0], set()).add(key)
        for version in self._own:  # rows of before `newest_ms` was kept age from now on
            self.row.newest_ms.setdefault(version, self.row.closed_ms or 0)

    def _enter(self, key: SumKey) -> None:
        newest_ms = self.row.newest_ms
        newest_ms[key.version] = max(newest_ms.get(key.version, 0), key.start_ms)
        self._digests.setdefault((key.version, key.segment, key.level_ms, key.start_ms), set()).add(key.digest)

    def reopen(self, rules: WindowRules) -> None:
        """After a restart: every window over a row that the watermark has not passed is to be closed yet."""
        for key in self.sums():
            open_ = (window for window in windows_over(key, rules.windows) if not self.has_closed(window.end_ms, rules))
            self.pending.update(open_)
        stale = {window for window, published in self._published.items() if published.stale}
        self.corrected = stale - self.pending
        self.changed = {window for window in self.pending if window in stale or not self._is_final(window)}

    def touch(self, key: SumKey, rules: WindowRules) -> None:
        """Notes that a row is about to change. Comes before `put_sum`: a crash in between must not lose the note."""
        for window in windows_over(key, rules.windows):
            has_closed = self.has_closed(window.end_ms, rules)
            if has_closed:
                self.corrected.add(window)
            else:
                self.pending.add(window)
                self.changed.add(window)
                self.next_end_ms = min(self.next_end_ms, window.end_ms)
            if has_closed or self._is_final(window):
                self._note_stale(window)

    def follow(self, rules: WindowRules) -> None:
        """Lets go of windows that the rules no longer ask for: nothing is added to them, they stay as they are."""
        asked = {(spec.size, spec.slide_ms) for spec in rules.windows}
        if asked != self._asked:
            self._asked = asked
            for windows in (self.pending, self.changed, self.corrected):
                windows.difference_update([w for w in windows if (w.size_ms, w.slide_ms) not in asked])

    def _note_stale(self, window: WindowKey) -> None:
        published = self._published.get(window) or PublishedRow(-1, final=False, wall_ms=0)
        if not published.stale:
            self._store(window, replace(published, stale=True))

    def has_closed(self, end_ms: int, rules: WindowRules) -> bool:
        """Whether the watermark has passed an end by the allowed lateness."""
        closed_ms = self.row.closed_ms
        return closed_ms is not None and end_ms + rules.lateness <= closed_ms

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
            data = self._rows.get(key_of("sum", self.series, *key))
            if data is None:
                return None
            self._sums[key] = SumRow.from_bytes(data)
        return self._sums[key]

    def put_sum(self, key: SumKey, row: SumRow) -> None:
        """Keeps a changed row."""
        self._enter(key)
        self._sums[key] = row
        self.writes[key_of("sum", self.series, *key)] = row.to_bytes()

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
        self.writes[key_of("window", self.series, *key)] = row.to_bytes()

    def get(self, kind: str, version: str, *parts: str | int) -> bytes | None:
        """The row of a kind of the service's own, as it is after all changes."""
        key = key_of(kind, self.series, version, *parts)
        for changes in (self.writes, self._taken):
            if key in changes:
                return changes[key]
        return self._rows.get(key)

    def put(self, data: bytes | None, kind: str, version: str, *parts: str | int) -> None:
        """Keeps such a row, written after all that was kept before; None deletes it."""
        key = key_of(kind, self.series, version, *parts)
        own = self._own.setdefault(version, set())
        (own.discard if data is None else own.add)(key)
        self.writes.pop(key, None)
        self.writes[key] = data

    def forget(self, rules: WindowRules) -> None:
        """Drops rows that nothing can ask for any more, and closes the open copies of closed ones."""
        if self.row.closed_ms is None:
            return
        before = self.row.closed_ms - rules.lateness
        for key in list(self._sums):
            if key.start_ms + key.level_ms <= before:
                del self._sums[key]
        before = min(before, (self.row.kept_ms or 0) - rules.lateness)
        owed_ms = min((window.start_ms for window in self.corrected), default=before)  # corrections wait by wall time
        old = [p for p in self._digests if p[3] + p[2] + retention_ms(p[2], rules) <= before]
        for place in [p for p in old if p[3] + p[2] <= owed_ms]:
            for digest in self._digests.pop(place):
                self.writes[key_of("sum", self.series, place[0], place[1], digest, place[2], place[3])] = None
        in_use = self.pending | self.corrected
        for window in [w for w in self._published if w.end_ms + rules.horizon <= before and w not in in_use]:
            del self._published[window]
            self.writes[key_of("window", self.series, *window)] = None
        self._forget_silent(before)

    def _forget_silent(self, before: int) -> None:
        """Drops what is left of versions that have long had no row: one that comes back starts afresh."""
        silent = {version for version, start_ms in self.row.newest_ms.items() if start_ms + SILENT_MS <= before}
        if silent:
            silent -= {version for version, *_ in self._digests}
        for version in sorted(silent):
            del self.row.newest_ms[version]
            for key in sorted(self._own.pop(version, ())):
                self.writes[key] = None

    def take_writes(self) -> dict[bytes, bytes | None]:
        """Everything changed since the last call, the series' own row last: a crash keeps a beginning of them."""
        writes = self._taken = self.writes
        self.writes = {}
        if writes or self.row_changed:
            writes[key_of("model", self.series)] = self.row.to_bytes()
        self.row_changed = False
        return writes
