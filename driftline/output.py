"""What commands print: one JSON document, NDJSON, or tables and small charts for people."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

_BLOCKS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


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


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without boxes. A column named `>name` is aligned to the right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
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
