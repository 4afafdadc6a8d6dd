"""The table of names the compiled parser knows: keys, feature names, categories, classes, models and versions.

A symbol is some bytes in a space; a space is one place of an event where names are looked up (the keys of the event,
the features of one model version, the categories of one feature). A symbol says what to do with what follows it. Each
symbol also remembers which symbol followed last time, so that a producer's key order, once seen, is checked with one
comparison a key and hashed never.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import PADDING, inlined
from runtime.decode.text import digest, same


class Table(NamedTuple):
    """The symbols as arrays. All but the first four are indexed by symbol."""

    pool: NDArray[np.uint8]
    """The symbols' bytes, each followed by a quote."""
    slots: NDArray[np.int32]
    """Open addressing by hash: a symbol, or -1."""
    mask: int
    """Slots, a power of two, less 1."""
    heads: NDArray[np.int32]
    """By space: the symbol that came first last time, or -1."""
    space: NDArray[np.int32]
    hash: NDArray[np.uint64]
    at: NDArray[np.int64]
    size: NDArray[np.int64]
    kind: NDArray[np.int8]
    """What its value is; the meaning belongs to the space."""
    target: NDArray[np.int32]
    """Where the value goes, or what the symbol stands for."""
    texts: NDArray[np.int32]
    """The space its value is looked up in."""
    unlisted: NDArray[np.int32]
    """Code of a value that is not in that space."""
    missing: NDArray[np.int32]
    """Code of null."""
    following: NDArray[np.int32]
    """The symbol that came next last time, or -1."""
    seen: NDArray[np.int64]
    """Stamp of the event it was last seen in."""


@inlined
def matches(buf: NDArray[np.uint8], p: int, table: Table, symbol: int) -> bool:
    """Whether `p` begins with the symbol's bytes and a quote."""
    return same(buf, p, table.pool, table.at[symbol], table.size[symbol] + 1)


@inlined
def find(buf: NDArray[np.uint8], p: int, size: int, table: Table, space: int) -> int:
    """The symbol of `space` that `size` bytes at `p` spell, or -1."""
    h = digest(buf, p, size, space)
    mask = table.mask
    slot = np.int64(h) & mask
    while True:
        symbol = table.slots[slot]
        if symbol < 0:
            return -1
        if (
            table.hash[symbol] == h
            and table.space[symbol] == space
            and table.size[symbol] == size
            and (size == 0 or same(buf, p, table.pool, table.at[symbol], size))
        ):
            return int(symbol)
        slot = (slot + 1) & mask


class Symbols:
    """Builds the table, and lets it grow while the parser is not running."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bytes], int] = {}
        self._used = 0
        self.spaces = 0
        self.table = _empty(256, 8_192, 64)

    def __len__(self) -> int:
        return len(self._known)

    def new_space(self) -> int:
        """Opens a space."""
        if self.spaces == self.table.heads.size:
            self.table = self.table._replace(heads=_grown(self.table.heads, 2 * self.spaces, -1))
        self.spaces += 1
        return self.spaces - 1

    def get(self, space: int, text: str) -> int:
        """The symbol of a text, or -1."""
        return self._known.get((space, text.encode()), -1)

    def add(
        self,
        space: int,
        text: str,
        *,
        kind: int = 0,
        target: int = 0,
        texts: int = -1,
        unlisted: int = 0,
        missing: int = 0,
    ) -> int:
        """Adds a symbol, or returns the one that is there."""
        name = text.encode()
        symbol = self._known.get((space, name))
        if symbol is not None:
            return symbol
        symbol = len(self._known)
        self._reserve(symbol + 1, self._used + len(name) + 1)
        table = self.table
        bytes_ = np.frombuffer(name + b'"' + bytes(PADDING), np.uint8)
        table.pool[self._used : self._used + len(name) + 1] = bytes_[: len(name) + 1]
        h = digest(bytes_, 0, len(name), space)
        row = (space, h, self._used, len(name), kind, target, texts, unlisted, missing, -1, -1)
        for column, value in zip(_columns(table), row, strict=True):
            column[symbol] = value
        self._used += len(name) + 1
        self._known[space, name] = symbol
        self._place(symbol)
        return symbol

    def _place(self, symbol: int) -> None:
        mask = self.table.mask
        slot = int(self.table.hash[symbol]) & mask
        while self.table.slots[slot] >= 0:
            slot = (slot + 1) & mask
        self.table.slots[slot] = symbol

    def _reserve(self, symbols: int, pool: int) -> None:
        table = self.table
        if pool + PADDING > table.pool.size:
            table = table._replace(pool=_grown(table.pool, 2 * pool + PADDING, 0))
        if symbols > table.space.size:
            columns = [_grown(column, 2 * symbols, 0) for column in _columns(table)]
            slots = np.full(1 << (8 * symbols).bit_length(), -1, np.int32)
            table = Table(table.pool, slots, len(slots) - 1, table.heads, *columns)
            self.table = table
            for symbol in range(len(self._known)):
                self._place(symbol)
        self.table = table


def _columns(table: Table) -> tuple[NDArray[Any], ...]:
    """The arrays that are indexed by symbol."""
    return table[4:]


def _grown(array: NDArray[Any], size: int, fill: int) -> NDArray[Any]:
    grown = np.full(size, fill, array.dtype)
    grown[: array.size] = array
    return grown


def _empty(symbols: int, pool: int, spaces: int) -> Table:
    return Table(
        np.zeros(pool, np.uint8),
        np.full(4 * symbols, -1, np.int32),
        4 * symbols - 1,
        np.full(spaces, -1, np.int32),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.uint64),
        np.zeros(symbols, np.int64),
        np.zeros(symbols, np.int64),
        np.zeros(symbols, np.int8),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.int32),
        np.zeros(symbols, np.int64),
    )
