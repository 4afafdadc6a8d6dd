"""What commands print: one JSON document, NDJSON, or tables and small charts for people."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_BLOCKS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_PROSE = 30
"""Columns of a terminal that sentences need, at least, to be read beside others."""
_LISTED = 12
"""Rows that are told as lists of their fields, at most, where they do not fit side by side."""


def print_json(document: Any) -> None:
    """Prints exactly one JSON document on stdout. NaN is refused: there is no such JSON number."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def print_ndjson(records: Iterable[BaseModel]) -> None:
    """Prints one record a line on stdout, as it stands on its topic."""
    for record in records:
        sys.stdout.write(record.model_dump_json(by_alias=True) + "\n")


def console() -> Console:
    """The console for people; wide enough for tables when stdout is no terminal."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=max(out.width, 160))


class FittingTable(Table):
    """A table for narrow terminals too: its widest column wraps alone, or each row is a list of its fields."""

    heading: str | None = None
    """Markup above the table, which may be wider than it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table if the widest column keeps room for sentences; else, of few rows, one list of fields each."""
        if self.heading:
            yield Text.from_markup(self.heading, style="bold", overflow="fold")
        natural = options.update(width=10_000)
        widths = [self._measure_column(console, natural, column).maximum for column in self.columns]
        excess = Measurement.get(console, natural, self).maximum - options.max_width
        widest = max(range(len(widths)), key=widths.__getitem__, default=0)
        if excess <= 0 or (widths[widest] - excess >= _PROSE and not self.columns[widest].no_wrap):
            for place, column in enumerate(self.columns):
                column.no_wrap = column.no_wrap or place != widest
            yield from super().__rich_console__(console, options)
        elif self.show_header and self.row_count <= _LISTED:
            yield from self._lists()
        else:
            yield from super().__rich_console__(console, options)

    def _lists(self) -> RenderResult:
        names = [str(column.header) for column in self.columns]
        for place, cells in enumerate(zip(*(column.cells for column in self.columns), strict=True)):
            if place:
                yield Text()
            fields = [(f"[dim]{name}[/dim]", str(cell)) for name, cell in zip(names, cells, strict=True)]
            yield table(None, ("", ""), fields)


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without boxes. A column named `>name` is aligned to the right; without any name there is no header."""
    made = FittingTable(
        box=None,
        pad_edge=False,
        header_style="dim",
        show_header=any(column.removeprefix(">") for column in columns),
    )
    made.heading = title
    for column in columns:
        made.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=column.startswith(">"),
            overflow="fold",
        )
    for row in rows:
        made.add_row(*row)
    return made


def sections(parts: Iterable[RenderableType]) -> Group:
    """Tables and sentences with an empty line between them."""
    spaced = [line for part in parts for line in ("", part)]
    return Group(*spaced[1:])


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table; an em dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def count(value: int | None) -> str:
    """A count with thousands separated."""
    return "–" if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A rate as per cent."""
    return "–" if value is None else f"{value * 100:.1f} %"


def utc(time_ms: int | None, *, date_only: bool = False) -> str:
    """A time in milliseconds since 1970 as `2013-07-01 06:00` UTC."""
    if time_ms is None:
        return "–"
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%d" if date_only else "%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """A stretch of time in its two largest units, such as `2 h 5 min`."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left = round(seconds)
    parts = []
    for name, size in units:
        whole, left = divmod(left, size)
        if whole:
            parts.append(f"{whole} {name}")
    return " ".join(parts[:2]) or "0 s"


def sparkline(values: Sequence[float | None], top: float, width: int) -> str:
    """The last `width` values as blocks from 0 to `top`; a gap in the data is a gap in the line."""
    shown = values[-width:]
    blocks = [
        " "
        if value is None or math.isnan(value)
        else _BLOCKS[min(int(max(value, 0.0) / top * len(_BLOCKS)), len(_BLOCKS) - 1)]
        for value in shown
    ]
    return "".join(blocks).rjust(width)


def bar(value: float | None, top: float, width: int) -> str:
    """A bar of `value` out of `top`, drawn in eighths of a character."""
    if value is None or math.isnan(value):
        return " " * width
    eighths = round(min(max(value / top, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)
