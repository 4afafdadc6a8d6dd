"""Which windows are due for a revision, once a mark has come."""

import heapq
from collections.abc import Iterable, Iterator, Mapping

from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from runtime.windows.rows import MarkRow
from runtime.windows.rules import WindowRules
from runtime.windows.watermark import kept, noted, silent_wall, watermark

WINDOWS_A_MARK = 500
"""Windows published for one mark, about: the rest waits for the next one, so that a backfill of months, which closes
windows by the ten thousand at once, neither stalls the process nor fills its memory."""


def pass_time(book: Book, marks: Mapping[str, MarkRow], rules: WindowRules) -> None:
    """Moves the series' watermark, which never goes back."""
    passed = watermark(book.row, marks, rules.idle)
    if passed is not None and passed > (book.row.passed_ms or 0):
        book.row.passed_ms = passed
        book.row_changed = True


def keep(book: Book, companions: Iterable[str], marks: Mapping[str, MarkRow], wall_ms: int) -> None:
    """Moves what is too late, which never goes back; every watermark has been moved before."""
    row = book.row
    others = [book.beside[name].row if name in book.beside else None for name in companions]
    kept_ms = kept(row, others, marks, wall_ms)
    changed = (max(kept_ms or 0, row.kept_ms or 0) or None, noted(row, wall_ms) if others else row.noted)
    if changed != (row.kept_ms, row.noted):
        row.kept_ms, row.noted = changed
        book.row_changed = True


def advance(book: Book, marks: Mapping[str, MarkRow], rules: WindowRules, room: int) -> bool:
    """Moves what has closed behind the series' watermark, and never back. Returns whether more has closed.

    Closing stops at the end by which `room` windows are to be published, and goes on with the next mark.
    """
    passed = watermark(book.row, marks, rules.idle)
    before = book.row.closed_ms or 0
    if passed is None or passed <= before:
        return False
    if book.next_end_ms + rules.lateness <= passed:
        owed = (w.end_ms for w in book.pending if w.end_ms + rules.lateness <= passed and book.owes(w))
        ends = heapq.nsmallest(room, owed)
        if len(ends) == room:
            passed = max(before, ends[-1] + rules.lateness)
    book.row.closed_ms = passed
    book.row_changed = True
    return True


def closing(book: Book, rules: WindowRules) -> list[WindowKey]:
    """Pending windows that the watermark has passed and that are to be published, earliest end first.

    None that the watermark has passed is pending after that.
    """
    if not book.pending or not book.has_closed(book.next_end_ms, rules):
        return []
    due = [window for window in book.pending if book.has_closed(window.end_ms, rules)]
    book.pending.difference_update(due)
    book.next_end_ms = min((window.end_ms for window in book.pending), default=0)
    return sorted(filter(book.owes, due), key=lambda window: (window.end_ms, window))


def unfinished(book: Book, wall_ms: int, rules: WindowRules) -> Iterator[WindowKey]:
    """Changed open windows that end with the row being filled, where the last revision is old enough."""
    newest_ms = max((heard.high_ms for heard in book.row.heard.values()), default=0)
    for window in sorted(book.changed):
        published = book.published(window)
        is_current = window.end_ms - window.slide_ms <= newest_ms
        if is_current and (published is None or wall_ms - published.wall_ms >= rules.early):
            yield window


def corrections(book: Book, wall_ms: int, rules: WindowRules, room: int) -> list[WindowKey]:
    """Closed windows that late events came for, where the last revision is old enough; at most `room` at a time."""
    due = (
        window
        for window in book.corrected
        if (published := book.published(window)) is None or wall_ms - published.wall_ms >= rules.early
    )
    return heapq.nsmallest(room, due, key=lambda window: (window.end_ms, window))


def silenced(book: Book, marks: Mapping[str, MarkRow], rules: WindowRules, room: int) -> list[WindowKey]:
    """When the whole series is silent: its pending windows up to the newest event, if wall time has passed them too.

    At most `room` at a time, earliest end first.
    They stay pending: what comes later still counts, as a further revision.
    """
    wall_ms = silent_wall(book.row, marks, rules.idle)
    if wall_ms is None:
        return []
    newest_ms = max((heard.high_ms for heard in book.row.heard.values()), default=0)
    due = [
        window
        for window in book.pending
        if window.end_ms - window.slide_ms <= newest_ms
        and window.end_ms + rules.lateness <= wall_ms
        and book.owes(window)
    ]
    return heapq.nsmallest(room, due, key=lambda window: (window.end_ms, window))
