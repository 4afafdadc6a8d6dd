"""Training and production data from files: Parquet, CSV, Arrow/Feather, read into the columns of a reference."""

import hashlib
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from driftline import files
from driftline.errors import CommandError
from runtime.decode.shape import category_text
from schemas.base import EARLIEST_MS, LATEST_MS
from schemas.baseline import Kind

Values = NDArray[np.float64] | list[str | None] | list[bool | None]


class Dataset:
    """Rows of a file, by column."""

    def __init__(self, source: str, table: Any) -> None:
        self.source = source
        self._table = table

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self._table.num_rows)

    @property
    def names(self) -> list[str]:
        """The columns, in the file's order."""
        return list(self._table.column_names)

    def require(self, names: Sequence[str]) -> None:
        """Raises CommandError naming those of `names` that the data lack."""
        lacking = [name for name in names if name not in self._table.column_names]
        if lacking:
            raise CommandError(
                f"{self.source} lacks {_listed('column', lacking)}.",
                f"rename columns or name others; it has {', '.join(self.names)}",
            )

    def kind(self, name: str) -> Kind:
        """What the column's type says: boolean, numeric, else categorical. Raises CommandError for other types."""
        kind = self._type(name)
        if pa.types.is_boolean(kind):
            return "boolean"
        if _is_number(kind) or pa.types.is_null(kind):
            return "numeric"
        if _is_text(kind):
            return "categorical"
        raise CommandError(
            f"Column {name!r} of {self.source} holds {kind}, which no feature can be.",
            "leave it out with --exclude, or name it with --time if it is the event time",
        )

    def values(self, name: str, kind: Kind) -> Values:
        """The column as `stats.baseline.build_column` takes it. Raises CommandError when it is of another kind."""
        readers: dict[Kind, Callable[[str], Values]] = {
            "numeric": self.numbers,
            "categorical": self.texts,
            "boolean": self.booleans,
        }
        return readers[kind](name)

    def numbers(self, name: str) -> NDArray[np.float64]:
        """float64[rows]; missing is NaN. Booleans count as 0 and 1."""
        kind = self._type(name)
        if not (_is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
            raise CommandError(
                f"Column {name!r} of {self.source} holds {kind}, not numbers.",
                "give numbers, or build the baseline anew with --categorical",
            )
        column = self._column(name)
        if pa.types.is_boolean(kind):
            column = pc.cast(column, pa.int8())
        numbers = pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan")).to_numpy()
        return np.asarray(numbers, dtype=np.float64)

    def texts(self, name: str) -> list[str | None]:
        """Values as text, None where missing; numbers as production events write them (3 and 3.0 are both `3`)."""
        self.kind(name)
        column = pc.dictionary_encode(self._column(name))
        texts = np.array([*map(_text, column.dictionary.to_pylist()), None], dtype=object)
        codes = pc.fill_null(column.indices, texts.size - 1).to_numpy()
        return list(texts[codes])

    def booleans(self, name: str) -> list[bool | None]:
        """True, False, or None where missing; the numbers 1 and 0 are true and false."""
        if not _is_text(self._type(name)):
            numbers = self.numbers(name)
            missing = np.isnan(numbers)
            if np.isin(numbers[~missing], (0, 1)).all():
                return [
                    None if gone else value == 1 for gone, value in zip(missing.tolist(), numbers.tolist(), strict=True)
                ]
        raise CommandError(
            f"Column {name!r} of {self.source} holds {self._type(name)}, not booleans.",
            "give true and false, or build the baseline anew with --categorical",
        )

    def values_as_text(self, name: str, kind: Kind) -> list[str | None]:
        """A categorical or boolean column as text. Raises CommandError when a boolean one holds something else."""
        if kind == "boolean":
            return [None if value is None else category_text(value) for value in self.booleans(name)]
        return self.texts(name)

    def times_ms(self, name: str) -> NDArray[np.int64]:
        """Event times in milliseconds since 1970 UTC, from timestamps, ISO texts or milliseconds; UTC by default.

        int64[rows]; 0 where missing. Raises CommandError for a column that holds no times, or such as cannot be.
        """
        kind = self._type(name)
        column = self._column(name)
        try:
            if _is_text(kind):
                column = pc.cast(pc.cast(column, pa.string()), pa.timestamp("ms", tz="UTC"))
            if not _is_number(kind):
                column = pc.cast(pc.cast(column, pa.timestamp("ms"), safe=False), pa.int64())
            missing = np.asarray(pc.is_null(column, nan_is_null=True))
            times = np.asarray(pc.fill_null(pc.if_else(pa.array(missing), None, column), 0).to_numpy(), dtype=np.int64)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise CommandError(
                f"Column {name!r} of {self.source} holds no times: {error}.",
                "give timestamps, ISO 8601 texts such as 2013-01-01T05:00:00Z, or milliseconds since 1970",
            ) from error
        given = times[~missing]
        if given.size and not (given.min() >= EARLIEST_MS and given.max() <= LATEST_MS):
            raise CommandError(
                f"Times in column {name!r} of {self.source} lie outside 2000 to 2100.",
                "give milliseconds since 1970: multiply seconds by 1000",
            )
        return times

    def digest(self, names: Sequence[str]) -> str:
        """SHA-256 over the rows of these columns: the same for the same values in any file format."""
        digest = hashlib.sha256()
        for name in sorted(names):
            kind = self.kind(name)
            digest.update(f"{len(name)}:{name}:{kind}:".encode())
            values = self.values(name, kind)
            if isinstance(values, np.ndarray):
                digest.update(values.astype("<f8").tobytes())
            else:
                for value in values:
                    text = "-" if value is None else f"{len(str(value))}:{value}"
                    digest.update(text.encode())
        return digest.hexdigest()

    def _type(self, name: str) -> Any:
        kind = self._table.schema.field(name).type
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    def _column(self, name: str) -> Any:
        column = self._table.column(name).combine_chunks()
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def read(path: Path) -> Dataset:
    """Reads a data file whole. Raises CommandError for an unknown format, an unreadable or an empty file."""
    table = files.read(path)
    if not table.num_rows:
        raise CommandError(f"{path} has no rows.", "give the rows the model was trained on")
    return Dataset(str(path), table)


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _text(value: Any) -> str | None:
    """As events write it; None for NaN, which is missing."""
    if isinstance(value, Decimal):
        value = float(value)
    if not isinstance(value, bool | int | float):
        return str(value)
    return None if isinstance(value, float) and math.isnan(value) else category_text(value)


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(repr(name) for name in names)}"
