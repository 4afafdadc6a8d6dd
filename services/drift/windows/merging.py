"""A profile is added to rows, once: by its position, whatever is replayed; and taken away again where it was torn."""

from collections.abc import Iterator

from runtime.cells import unpack
from schemas.ledger import Ledger
from schemas.monitor import Monitor
from schemas.profile import Profile, Slice
from services.drift.windows.book import Book, SumKey
from services.drift.windows.rows import Heard, Position, SumRow

OTHER = "__other__"
SERVICE = "drift-windows"


def position_of(profile: Profile) -> Position:
    """Where a profile stands in its source partition."""
    return (profile.source.end, profile.chunk)


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


def is_too_late(slice_: Slice, pane_ms: int, book: Book, monitor: Monitor) -> bool:
    """Whether the watermark has passed a slice by more than lateness and horizon."""
    passed_ms = book.row.passed_ms
    return passed_ms is not None and slice_.start_ms + pane_ms + monitor.lateness + monitor.horizon <= passed_ms


def _targets(profile: Profile, book: Book, monitor: Monitor) -> Iterator[tuple[SumKey, Slice]]:
    for slice_ in profile.slices:
        if not is_too_late(slice_, profile.pane_ms, book, monitor):
            segment = routed(slice_.segment, book.row.segments, monitor.segment_limit)
            for level_ms in monitor.levels_ms:
                start_ms = slice_.start_ms - slice_.start_ms % level_ms
                yield SumKey(slice_.version, segment, slice_.digest, level_ms, start_ms), slice_


def _add(row: SumRow, slice_: Slice, sign: int) -> None:
    row.cells += sign * unpack(slice_.cells)
    row.n += sign * slice_.n
    if slice_.last_ms is not None:
        row.last_ms = max(row.last_ms or 0, slice_.last_ms)
    for reason, count in slice_.violations.items():
        row.violations[reason] = row.violations.get(reason, 0) + sign * count


def merge(profile: Profile, book: Book, monitor: Monitor) -> None:
    """Adds a profile to every row it belongs to that has not had it.

    All slices of one row are added together, so a row has a profile wholly or not at all.
    """
    source, position = profile.source.key, position_of(profile)
    gathered: dict[SumKey, list[Slice]] = {}
    for key, slice_ in _targets(profile, book, monitor):
        gathered.setdefault(key, []).append(slice_)
    for key, slices in gathered.items():
        row = book.sum(key) or SumRow.of_size(len(unpack(slices[0].cells)))
        if row.positions.get(source, (-1, -1)) >= position:
            continue
        for slice_ in slices:
            _add(row, slice_, 1)
        row.positions[source] = position
        if book.has_closed(key.start_ms + key.level_ms, monitor):
            row.late += sum(slice_.n for slice_ in slices)
        book.touch(key, monitor)
        book.put_sum(key, row)
    if profile.high_ms is not None:
        heard = book.row.heard.get(source)
        high_ms = max(profile.high_ms, heard.high_ms if heard else 0)
        book.row.heard[source] = Heard(high_ms, max(profile.wall_ms, heard.wall_ms if heard else 0))


def take_away(profile: Profile, book: Book, monitor: Monitor) -> None:
    """Undoes `merge` of an earlier profile whose transaction was torn: its range comes again, cut otherwise."""
    source, position = profile.source.key, position_of(profile)
    gathered: dict[SumKey, list[Slice]] = {}
    for key, slice_ in _targets(profile, book, monitor):
        gathered.setdefault(key, []).append(slice_)
    for key, slices in gathered.items():
        row = book.sum(key)
        if row is None or row.positions.get(source, (-1, -1)) < position:
            continue
        for slice_ in slices:
            _add(row, slice_, -1)
        row.positions[source] = (profile.source.start, -1)
        book.touch(key, monitor)
        book.put_sum(key, row)


def late_account(profile: Profile, book: Book, monitor: Monitor) -> Ledger | None:
    """The ledger record of a profile's events that are too late for any window; None without any."""
    late = sum(
        slice_.n
        for slice_ in profile.slices
        if not slice_.segment and is_too_late(slice_, profile.pane_ms, book, monitor)
    )
    if not late:
        return None
    return Ledger(
        service=SERVICE,
        source=profile.source,
        wall_ms=profile.wall_ms,
        records=0,
        events=late,
        counted={},
        late={profile.model: late},
    )
