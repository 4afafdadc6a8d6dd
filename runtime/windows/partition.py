"""One partition of a partials' topic: every series in it, and the marks they wait for."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic

from runtime.faust.projection import Effects, Rows
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.windows import closing, merging
from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from runtime.windows.parts import P, Parts, R, Revision
from runtime.windows.rows import MarkRow, PublishedRow, key_of, parts_of
from schemas.profile import Mark

PartitionHistory = Callable[[str, str, int], Iterable[P]]
"""(model, source key, source offset) → partials that ended beyond it and came before the one at hand."""


class GapError(RuntimeError):
    """Ranges of a source partition do not follow one another: partials are missing."""


class TornError(RuntimeError):
    """Ranges of a source partition overlap, and the earlier ones are no longer there to be taken away."""


class WindowedPartition(Generic[P, R]):
    """Handles partials and marks in order. What it keeps in memory can be rebuilt from the rows at any moment."""

    def __init__(self, rows: Rows, parts: Parts[P, R], metrics: Metrics) -> None:
        self._rows = rows
        self._parts = parts
        self._metrics = metrics
        self._books: dict[str, Book] = {}
        self._marks: dict[str, MarkRow] = {}
        by_series: dict[str, list[bytes]] = {}
        for key in rows:
            kind, name, *_ = parts_of(key)
            if kind == "mark":
                self._marks[name] = MarkRow.from_bytes(rows[key])
            else:
                by_series.setdefault(name, []).append(key)
        for series, keys in by_series.items():
            self._open(series, keys).reopen(parts.rules(series))

    def _open(self, series: str, keys: Iterable[bytes] = ()) -> Book:
        book = self._books.get(series)
        if book is None:
            book = Book(series, self._parts.model_of(series), self._rows, keys, self._books)
            self._books[series] = book
        return book

    def partial(self, partial: P, history: PartitionHistory[P]) -> Effects:
        """Adds a partial to the rows, unless it has been. Raises TornError."""
        book = self._open(self._parts.series_of(partial))
        row, source = book.row, partial.source.key
        if not row.partitions:
            row.first_wall_ms = partial.wall_ms
        row.partitions, row.topic_id = partial.source.partitions, partial.source.topic_id
        done = row.positions.get(source)
        if done is not None and merging.position_of(partial) <= done:
            self._metrics.count("driftline_replays_skipped_total")
            return Effects()
        rules = self._parts.rules(book.series)
        if done is not None and partial.source.start < done[0] < partial.source.end:
            self._metrics.count("driftline_torn_total")
            self._undo(partial, book, rules, history)
        late = self._parts.late(partial, sum(slice_.n for slice_ in merging.late_slices(partial, book, rules)))
        merging.merge(partial, book, rules)
        out = self._parts.merged(partial, book, rules)
        if late is not None:
            key = f"{self._parts.service}/{source}/{partial.source.start}/{partial.chunk}/{book.series}"
            out.append(OutRecord("ledger", key.encode(), late.to_json()))
            self._metrics.count("driftline_late_events_total", late.events, model=book.model)
        row.positions[source] = merging.position_of(partial)
        book.row_changed = True
        return Effects(out, book.take_writes())

    def _undo(self, partial: P, book: Book, rules: R, history: PartitionHistory[P]) -> None:
        """Takes away what the aborted, yet visible, transaction had brought: the range comes again from its start."""
        parts, source, start = self._parts, partial.source.key, partial.source.start
        earlier = (p for p in history(book.model, source, start) if parts.series_of(p) == book.series)
        torn = [p for p in earlier if p.source.end > start]
        if not torn or min(p.source.start for p in torn) < start:
            raise TornError(
                f"{parts.topic} of {book.series} from {source} overlap at offset {start} and the earlier ones are "
                f"gone: stop {parts.service}, delete its changelog topic and start it again to rebuild from "
                f"`{parts.topic}`"
            )
        for one in torn:
            merging.take_away(one, book, rules)

    def mark(self, mark: Mark) -> Effects:
        """Closes what has ended now, publishes what is open and has changed, forgets what is old. Raises GapError."""
        source, parts = mark.source.key, self._parts
        before = self._marks.get(source)
        if before is not None and mark.source.start > before.end:
            raise GapError(
                f"offsets {before.end} to {mark.source.start} of {mark.source.topic}/{mark.source.partition} "
                f"were never {parts.made}: run `driftline audit`; if `{parts.topic}` lost records, raise its "
                f"retention, delete the changelog topic of {parts.service} and start it again"
            )
        if before is not None and mark.source.end <= before.end and mark.wall_ms <= before.wall_ms:
            # its row is written last: all it led to is there, and time must not run ahead of the replay
            return Effects()
        self._marks[source] = MarkRow(mark.source.end, mark.wall_ms, mark.caught_up)
        out: list[OutRecord] = []
        writes: dict[bytes, bytes | None] = {}
        books = {name: book for name, book in self._books.items() if book.row.topic_id == mark.source.topic_id}
        for series, book in books.items():
            closing.pass_time(book, self._marks, parts.rules(series))
        for series, book in sorted(books.items()):  # the room is shared in this order, after a restart too
            closing.keep(book, parts.companions(series), self._marks, mark.wall_ms)
            room = max(1, closing.WINDOWS_A_MARK - len(out))
            out += self._close(book, parts.rules(series), mark.wall_ms, room)
            writes |= book.take_writes()
        writes[key_of("mark", source)] = self._marks[source].to_bytes()
        return Effects(out, writes)

    def _close(self, book: Book, rules: R, wall_ms: int, room: int) -> list[OutRecord]:
        book.follow(rules)
        moved = closing.advance(book, self._marks, rules, room)
        over = closing.closing(book, rules) if moved else []
        over += closing.silenced(book, self._marks, rules, max(0, room - len(over)))
        over += closing.corrections(book, wall_ms, rules, max(0, room - len(over)))
        self._parts.over(book, over, rules)
        out = [self._publish(book, window, rules, wall_ms, final=True) for window in over]
        early = list(islice(closing.unfinished(book, wall_ms, rules), max(0, room - len(over))))
        out += [self._publish(book, window, rules, wall_ms, final=False) for window in early]
        if moved:
            book.forget(rules)
        return out

    def _publish(self, book: Book, window: WindowKey, rules: R, wall_ms: int, *, final: bool) -> OutRecord:
        before = book.published(window)
        number = before.revision + 1 if before else 0
        revision = Revision(number, final, correction=before is not None and before.final)
        record = self._parts.publish(book, window, rules, revision)
        book.put_published(window, PublishedRow(number, final, wall_ms))
        return record
