"""A partial is added to rows, once: by its position, whatever is replayed; and taken away again where it was torn."""

from collections.abc import Iterator

from runtime.cells import unpack
from runtime.windows.book import Book
from runtime.windows.keys import SumKey
from runtime.windows.rows import Heard, Position, SumRow
from runtime.windows.rules import WindowRules
from schemas.ledger import Ledger
from schemas.partial import Partial, PartialSlice

OTHER = "__other__"


def position_of(partial: Partial) -> Position:
    """Where a partial stands in its source partition."""
    return (partial.source.end, partial.chunk)


def routed(segment: str, known: dict[str, list[str]], limit: int) -> str:
    """The segment a slice counts under: values beyond the limit of their dimension share one."""
    if not segment:
        return segment
    dimension, _, value = segment.partition("=")
    values = known.setdefault(dimension, [])
    if value not in values:
        if len(values) >= limit or value == OTHER:
            return f"{dimension}={OTHER}"
        values.append(value)
    return segment


def is_too_late(slice_: PartialSlice, pane_ms: int, book: Book, rules: WindowRules) -> bool:
    """Whether event time has passed a slice by more than lateness and horizon, in every series that is waited for."""
    kept_ms = book.row.kept_ms
    return kept_ms is not None and slice_.start_ms + pane_ms + rules.lateness + rules.horizon <= kept_ms


def _by_row(partial: Partial, book: Book, rules: WindowRules) -> dict[SumKey, list[PartialSlice]]:
    """The slices that count, by the rows they belong to.

    All slices of one row are added together, so a row has a partial wholly or not at all.
    """
    gathered: dict[SumKey, list[PartialSlice]] = {}
    for slice_ in partial.slices:
        if not is_too_late(slice_, partial.pane_ms, book, rules):
            segment = routed(slice_.segment, book.row.segments, rules.segment_limit)
            for level_ms in rules.levels_ms:
                start_ms = slice_.start_ms - slice_.start_ms % level_ms
                key = SumKey(slice_.version, segment, slice_.digest, level_ms, start_ms)
                gathered.setdefault(key, []).append(slice_)
    return gathered


def _add(row: SumRow, slice_: PartialSlice, sign: int) -> None:
    row.cells += sign * unpack(slice_.cells)
    row.n += sign * slice_.n
    if slice_.last_ms is not None:
        row.last_ms = max(row.last_ms or 0, slice_.last_ms)
    for reason, count in slice_.violations.items():
        row.violations[reason] = row.violations.get(reason, 0) + sign * count


def merge(partial: Partial, book: Book, rules: WindowRules) -> None:
    """Adds a partial to every row it belongs to that has not had it."""
    source, position = partial.source.key, position_of(partial)
    for key, slices in _by_row(partial, book, rules).items():
        row = book.sum(key) or SumRow.of_size(len(unpack(slices[0].cells)))
        if row.positions.get(source, (-1, -1)) >= position:
            continue
        for slice_ in slices:
            _add(row, slice_, 1)
        row.positions[source] = position
        if book.has_closed(key.start_ms + key.level_ms, rules):
            row.late += sum(slice_.n for slice_ in slices)
        book.touch(key, rules)
        book.put_sum(key, row)
    if partial.high_ms is not None:
        heard = book.row.heard.get(source)
        high_ms = max(partial.high_ms, heard.high_ms if heard else 0)
        book.row.heard[source] = Heard(high_ms, max(partial.wall_ms, heard.wall_ms if heard else 0))


def take_away(partial: Partial, book: Book, rules: WindowRules) -> None:
    """Undoes `merge` of an earlier partial whose transaction was torn: its range comes again, cut otherwise."""
    source, position = partial.source.key, position_of(partial)
    for key, slices in _by_row(partial, book, rules).items():
        row = book.sum(key)
        if row is None or row.positions.get(source, (-1, -1)) < position:
            continue
        for slice_ in slices:
            _add(row, slice_, -1)
        row.positions[source] = (partial.source.start, -1)
        book.touch(key, rules)
        book.put_sum(key, row)


def late_slices(partial: Partial, book: Book, rules: WindowRules) -> Iterator[PartialSlice]:
    """Slices of all events that are too late for any window."""
    for slice_ in partial.slices:
        if not slice_.segment and is_too_late(slice_, partial.pane_ms, book, rules):
            yield slice_


def late_account(service: str, partial: Partial, late: int) -> Ledger | None:
    """The ledger record of a partial's events that are too late for any window; None without any.

    Corrections may take away more than they add: that is no late event either.
    """
    if late <= 0:
        return None
    return Ledger(
        service=service,
        source=partial.source,
        wall_ms=partial.wall_ms,
        records=0,
        events=late,
        counted={},
        late={partial.model: late},
    )
