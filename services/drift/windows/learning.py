"""Versions without a baseline: what they bring is sketched until there is enough to make one."""

from typing import Any

from runtime.windows.book import Book
from runtime.windows.merging import position_of
from schemas.profile import Profile, Sketch
from services.drift.windows.rows import LearningRow
from stats.loglinear import ColumnSketch


def sketch_of(sketch: Sketch) -> ColumnSketch:
    """A sketch as it came, for statistics."""
    bins = {int(number): count for number, count in sketch.bins.items()}
    return ColumnSketch(sketch.kind, bins, sketch.values, sketch.missing, sketch.nonfinite)


def restored(row: dict[str, Any]) -> ColumnSketch:
    """A sketch from a row."""
    return ColumnSketch(**(row | {"bins": {int(number): count for number, count in row["bins"].items()}}))


def stored(sketch: ColumnSketch) -> dict[str, Any]:
    """A sketch as it stands in a row."""
    return {name: getattr(sketch, name) for name in ("kind", "bins", "values", "missing", "nonfinite")}


def joined(known: ColumnSketch, more: ColumnSketch) -> ColumnSketch:
    """The counts of both. A column keeps the kind it began with; values of another are missing ones."""
    if known.kind == more.kind:
        return known + more
    others = sum(more.bins.values()) + sum(more.values.values()) + more.nonfinite + more.missing
    return known + ColumnSketch(known.kind, missing=others)


def learned(book: Book, version: str) -> LearningRow:
    """What has been learned of a version."""
    data = book.get("learning", version)
    return LearningRow.from_bytes(data) if data is not None else LearningRow()


def keep(book: Book, version: str, row: LearningRow) -> None:
    """Keeps what has been learned."""
    book.put(row.to_bytes(), "learning", version)


def learn(profile: Profile, book: Book) -> dict[str, LearningRow]:
    """Adds a profile's sketches to what was learned; returns the versions that changed."""
    source, position = profile.source.key, position_of(profile)
    changed: dict[str, LearningRow] = {}
    for version in sorted({slice_.version for slice_ in profile.slices if slice_.sketch is not None}):
        row = learned(book, version)
        if row.done or row.positions.get(source, (-1, -1)) >= position:
            continue
        known = {name: restored(sketch) for name, sketch in row.sketches.items()}
        for slice_ in profile.slices:
            if slice_.version == version and slice_.sketch is not None:
                row.n += slice_.n
                row.first_ms = min(row.first_ms or slice_.start_ms, slice_.start_ms)
                row.last_ms = max(row.last_ms or 0, slice_.last_ms or 0) or None
                for name, sketch in slice_.sketch.items():
                    more = sketch_of(sketch)
                    known[name] = joined(known[name], more) if name in known else more
        row.sketches = {name: stored(sketch) for name, sketch in known.items()}
        row.positions[source] = position
        keep(book, version, row)
        changed[version] = row
    return changed


def finish(version: str, row: LearningRow, book: Book) -> None:
    """Marks a version as learned; its sketches are no longer needed."""
    keep(book, version, LearningRow(n=row.n, done=True, positions=row.positions))
