"""Reads Parquet, CSV and Arrow/Feather files into Arrow tables whose columns have one name each."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyarrow import csv, feather, ipc, parquet

from driftline.errors import CommandError

_LARGEST_BLOCK = 2**31 - 1
_ROW_NUMBERS = re.compile(r"|__index_level_\d+__")
"""What pandas writes its row labels under: no name in CSV, this one in Parquet and Feather."""


def read(path: Path) -> Any:
    """The file as a table, without pandas' row labels.

    Raises CommandError for an unknown format, an unreadable file, and two columns of one name.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise CommandError(f"{path} is in no known format.", f"give a file ending in one of {', '.join(_READERS)}")
    try:
        table = reader(path)
    except (OSError, pa.ArrowException) as error:
        raise CommandError(
            f"{path} cannot be read: {error}.", "check that it exists and is what its ending says"
        ) from error
    names = table.column_names
    table = table.select([i for i, name in enumerate(names) if not _ROW_NUMBERS.fullmatch(name)])
    twice = [name for name, times in Counter(table.column_names).items() if times > 1]
    if twice:
        raise CommandError(
            f"{path} has several columns named {', '.join(map(repr, twice))}.", "give each column a name of its own"
        )
    return table


def _read_csv(path: Path) -> Any:
    """Empty cells, NA and the like are missing, in text too. Types are told from all rows, hence one block."""
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=min(max(path.stat().st_size, 1), _LARGEST_BLOCK)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(strings_can_be_null=True),
    )


def _read_parquet(path: Path) -> Any:
    if path.is_file():  # read_table makes a column of a folder named day=1, and refuses columns of one name
        return parquet.ParquetFile(path).read()
    return parquet.read_table(path, partitioning=None)


def _read_arrow(path: Path) -> Any:
    """Arrow's file format (Feather), else its stream format."""
    try:
        return feather.read_table(path)
    except pa.ArrowInvalid:
        with pa.OSFile(str(path)) as source, ipc.open_stream(source) as stream:
            return stream.read_all()


_READERS: MappingProxyType[str, Callable[[Path], Any]] = MappingProxyType(
    {
        ".parquet": _read_parquet,
        ".pq": _read_parquet,
        ".csv": _read_csv,
        ".arrow": _read_arrow,
        ".feather": _read_arrow,
        ".ipc": _read_arrow,
    }
)
