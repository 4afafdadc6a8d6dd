"""The control tier as a pure function: one record of `profiles` and the rows in, windows and row changes out.

It knows no clock: marks bring wall time. What it keeps in memory can be rebuilt from the rows at any moment.
"""

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from runtime.faust.projection import BadRecord, Effects, Event, Rows
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from schemas.monitor import Monitor
from schemas.profile import Mark, Profile
from services.drift.windows import closing, learning, merging
from services.drift.windows.book import Book, WindowKey
from services.drift.windows.detecting import Detecting, Pane, is_pane
from services.drift.windows.publishing import Publisher
from services.drift.windows.rows import MarkRow, PublishedRow, key_of, parts_of

History = Callable[[int, int, str, str, int], Iterable[Profile]]
"""(partition of `profiles`, offset, model, source key, source offset) → profiles of the model from that source
that stand before the offset and end beyond the source offset."""
PartitionHistory = Callable[[str, str, int], Iterable[Profile]]
Changes = tuple[list[OutRecord], dict[bytes, bytes | None]]
"""Records to publish, then row changes to store, in this order."""

_RECORD: TypeAdapter[Profile | Mark] = TypeAdapter(Annotated[Profile | Mark, Field(discriminator="schema_")])


class GapError(RuntimeError):
    """Ranges of a source partition do not follow one another: records of `profiles` are missing."""


class TornError(RuntimeError):
    """Ranges of a source partition overlap, and the earlier ones are no longer there to be taken away."""


class WindowsHandler:
    """Hands each record to the partition it belongs to; partitions share nothing."""

    def __init__(self, watched: Watched, publisher: Publisher, history: History, metrics: Metrics) -> None:
        self._watched = watched
        self._publisher = publisher
        self._detecting = Detecting()
        self._history = history
        self._metrics = metrics
        self._partitions: dict[int, tuple[int, PartitionWindows]] = {}

    def handle(self, event: Event, rows: Rows) -> Effects:
        """Records to publish and row changes to store. Raises BadRecord for a record that is none of ours."""
        try:
            record = _RECORD.validate_json(event.value)
        except ValidationError as error:
            raise BadRecord("SCHEMA", f"neither a profile nor a mark: {error.errors()[0]['msg']}") from error
        generation, partition = self._partitions.get(event.partition, (-1, None))
        if partition is None or generation != rows.generation:
            partition = PartitionWindows(rows, self._watched, self._publisher, self._detecting, self._metrics)
            self._partitions[event.partition] = (rows.generation, partition)
        if isinstance(record, Mark):
            return Effects(*partition.mark(record))
        return Effects(*partition.profile(record, partial(self._history, event.partition, event.offset)))


class PartitionWindows:
    """Handles the records of one partition of `profiles`, in order."""

    def __init__(
        self, rows: Rows, watched: Watched, publisher: Publisher, detecting: Detecting, metrics: Metrics
    ) -> None:
        self._rows = rows
        self._watched = watched
        self._publisher = publisher
        self._metrics = metrics
        self._detecting = detecting
        self._books: dict[str, Book] = {}
        self._marks: dict[str, MarkRow] = {}
        by_model: dict[str, list[bytes]] = {}
        for key in rows:
            kind, name, *_ = parts_of(key)
            if kind == "mark":
                self._marks[name] = MarkRow.from_bytes(rows[key])
            else:
                by_model.setdefault(name, []).append(key)
        for model, model_keys in by_model.items():
            book = self._books[model] = Book(model, rows, model_keys)
            book.reopen(watched.monitor(model))

    def profile(self, profile: Profile, history: PartitionHistory) -> Changes:
        """Adds a profile to the rows, unless it has been."""
        book = self._books.setdefault(profile.model, Book(profile.model, self._rows, []))
        row, source = book.row, profile.source.key
        if not row.partitions:
            row.first_wall_ms = profile.wall_ms
        row.partitions, row.topic_id = profile.source.partitions, profile.source.topic_id
        done = row.positions.get(source)
        if done is not None and merging.position_of(profile) <= done:
            self._metrics.count("driftline_replays_skipped_total")
            return [], {}
        monitor = self._watched.monitor(profile.model)
        if done is not None and profile.source.start < done[0] < profile.source.end:
            self._metrics.count("driftline_torn_total")
            self._undo(profile, book, monitor, history)
        late = merging.late_account(profile, book, monitor)
        merging.merge(profile, book, monitor)
        out = self._learn(profile, book, monitor)
        if late is not None:
            key = f"{merging.SERVICE}/{source}/{profile.source.start}/{profile.chunk}/{profile.model}"
            out.append(OutRecord("ledger", key.encode(), late.to_json()))
            self._metrics.count("driftline_late_events_total", late.events, model=profile.model)
        row.positions[source] = merging.position_of(profile)
        book.row_changed = True
        return out, book.take_writes()

    @staticmethod
    def _undo(profile: Profile, book: Book, monitor: Monitor, history: PartitionHistory) -> None:
        """Takes away what the aborted, yet visible, transaction had brought: the range comes again from its start."""
        source, start = profile.source.key, profile.source.start
        torn = [p for p in history(profile.model, source, start) if p.source.end > start]
        if not torn or min(p.source.start for p in torn) < start:
            raise TornError(
                f"profiles of {profile.model} from {source} overlap at offset {start} and the earlier ones are gone: "
                "stop drift-windows, delete its changelog topic and start it again to rebuild from `profiles`"
            )
        for earlier in torn:
            merging.take_away(earlier, book, monitor)

    def _learn(self, profile: Profile, book: Book, monitor: Monitor) -> list[OutRecord]:
        out: list[OutRecord] = []
        for version, learned in learning.learn(profile, book).items():
            if learned.n >= monitor.learn:
                baseline = self._publisher.learned_baseline(profile.model, version, learned)
                learning.finish(version, learned, book)
                out.append(OutRecord("baselines", f"{profile.model}/{version}".encode(), baseline.to_json()))
        return out

    def mark(self, mark: Mark) -> Changes:
        """Closes what has ended now, publishes what is open and has changed, forgets what is old."""
        source = mark.source.key
        before = self._marks.get(source)
        if before is not None and mark.source.start > before.end:
            raise GapError(
                f"offsets {before.end} to {mark.source.start} of {mark.source.topic}/{mark.source.partition} "
                "were never profiled: run `driftline audit`; if `profiles` lost records, raise its retention, "
                "delete the changelog topic of drift-windows and start it again"
            )
        if before is not None and mark.source.end <= before.end and mark.wall_ms <= before.wall_ms:
            return [], {}  # its row is written last: all it led to is there, and time must not run ahead of the replay
        self._marks[source] = MarkRow(mark.source.end, mark.wall_ms, mark.caught_up)
        out: list[OutRecord] = []
        writes: dict[bytes, bytes | None] = {}
        for model, book in self._books.items():
            if book.row.topic_id == mark.source.topic_id:
                room = max(1, closing.WINDOWS_A_MARK - len(out))
                out += self._close(book, self._watched.monitor(model), mark.wall_ms, room)
                writes |= book.take_writes()
        writes[key_of("mark", source)] = self._marks[source].to_bytes()
        return out, writes

    def _close(self, book: Book, monitor: Monitor, wall_ms: int, room: int) -> list[OutRecord]:
        book.follow(monitor)
        moved = closing.advance(book, self._marks, monitor, room)
        over = closing.closing(book, monitor) if moved else []
        over += closing.silenced(book, self._marks, monitor, max(0, room - len(over)))
        over += closing.corrections(book, wall_ms, monitor, max(0, room - len(over)))
        self._detect(book, over, monitor)
        out = [record for window in over for record in self._publish(book, window, monitor, wall_ms, final=True)]
        for window in list(itertools.islice(closing.unfinished(book, wall_ms, monitor), max(0, room - len(over)))):
            out += self._publish(book, window, monitor, wall_ms, final=False)
        if moved:
            book.forget(monitor)
        return out

    def _detect(self, book: Book, over: Iterable[WindowKey], monitor: Monitor) -> None:
        for window in over:
            if is_pane(window, monitor):
                _, layout, cells = self._publisher.folded(book, window)
                baseline = self._publisher.baseline(book.model, window.version, layout)
                if layout is not None and cells is not None and baseline is not None:
                    self._detecting.step(book, Pane(window, monitor, baseline, layout, cells))

    def _publish(
        self, book: Book, window: WindowKey, monitor: Monitor, wall_ms: int, *, final: bool
    ) -> list[OutRecord]:
        before = book.published(window)
        revision = before.revision + 1 if before else 0
        record = self._publisher.window(
            book,
            window,
            monitor,
            revision=revision,
            final=final,
            correction=before is not None and before.final,
        )
        book.put_published(window, PublishedRow(revision, final, wall_ms))
        return [record] if record is not None else []
