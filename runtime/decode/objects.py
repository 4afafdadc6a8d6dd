"""The objects within an event, compiled: its features, prediction, segments and probabilities.

Each function reads what stands at `p` into the row and returns the place after it, or BAIL.
"""
# ruff: noqa: PLR0917, PLR0911  compiled functions are called by position, and leave at the first doubt

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import byte, compiled, inlined, word
from runtime.decode.number import number
from runtime.decode.rows import (
    BAIL,
    BOOLEAN,
    CODED,
    DISTINCT,
    IDS,
    IGNORED,
    NUMERIC,
    PROBABILITIES,
    STAMP,
    Layouts,
    Rows,
)  # fmt: skip
from runtime.decode.symbols import Table, find, matches
from runtime.decode.text import digest, same, skip_space, string
from schemas.prediction import MAX_FEATURES

MORE, CLOSED = 1, 0
"""Beside BAIL: another member follows, the object is closed."""
QUOTE, OPEN, MINUS, ZERO, NINE = 34, 123, 45, 48, 57
_COMMA, _COLON, _CLOSE, _e = 44, 58, 125, 101
_MAX_TEXT = 4_096
_TRIES = 64
"""Colliding segment values looked at: values made to collide must not cost more than the strict path."""
_NULL, _TRUE, _FALS = (np.uint64(int.from_bytes(text, "little")) for text in (b"null", b"true", b"fals"))
_LOW_HALF = np.uint64(0xFFFF_FFFF)


@inlined
def is_null(buf: NDArray[np.uint8], p: int) -> bool:
    """Whether `null` stands at `p`."""
    return bool((word(buf, p) & _LOW_HALF) == _NULL)


@inlined
def open_object(buf: NDArray[np.uint8], p: int) -> tuple[int, int]:
    """(MORE, place of the first member), (CLOSED, place after an empty object) or BAIL."""
    if byte(buf, p) != OPEN:
        return BAIL, p
    p = skip_space(buf, p + 1)
    if byte(buf, p) == _CLOSE:
        return CLOSED, p + 1
    return MORE, p


@inlined
def next_member(buf: NDArray[np.uint8], p: int) -> tuple[int, int]:
    """After a member's value: as `open_object`."""
    p = skip_space(buf, p)
    c = byte(buf, p)
    if c == _COMMA:
        return MORE, skip_space(buf, p + 1)
    if c == _CLOSE:
        return CLOSED, p + 1
    return BAIL, p


@inlined
def symbol_at(buf: NDArray[np.uint8], p: int, table: Table, space: int, expected: int) -> tuple[int, int]:
    """(symbol of the string whose opening quote is before `p`, or -1; the place after its closing quote)."""
    if expected >= 0 and matches(buf, p, table, expected):
        return expected, p + table.size[expected] + 1
    end, _ = string(buf, p)
    if end < 0:
        return -1, p
    return find(buf, p, end - p, table, space), end + 1


@inlined
def key_at(buf: NDArray[np.uint8], p: int, table: Table, space: int, previous: int, stamp: int) -> tuple[int, int]:
    """(symbol of the member at `p` or -1, place of its value). No symbol comes twice under one stamp."""
    if byte(buf, p) != QUOTE:
        return -1, p
    expected = table.following[previous] if previous >= 0 else table.heads[space]
    symbol, p = symbol_at(buf, p + 1, table, space, expected)
    if symbol < 0 or table.seen[symbol] == stamp:
        return -1, p
    table.seen[symbol] = stamp
    if symbol != expected:
        if previous >= 0:
            table.following[previous] = symbol
        else:
            table.heads[space] = symbol
    p = skip_space(buf, p)
    if byte(buf, p) != _COLON:
        return -1, p
    return symbol, skip_space(buf, p + 1)


@inlined
def scalar(buf: NDArray[np.uint8], p: int) -> int:
    """A text, number, boolean or null that a feature may be."""
    if byte(buf, p) == QUOTE:
        end, characters = string(buf, p + 1)
        return end + 1 if end >= 0 and characters <= _MAX_TEXT else BAIL
    literal = word(buf, p) & _LOW_HALF
    if literal in (_NULL, _TRUE):
        return p + 4
    if literal == _FALS and byte(buf, p + 4) == _e:
        return p + 5
    end, _, _, _ = number(buf, p)
    return end


@inlined
def category(buf: NDArray[np.uint8], p: int) -> tuple[int, int, int]:
    """(start, end) of the text that a scalar stands for as a category, and the place after it or BAIL."""
    c = byte(buf, p)
    if c == MINUS or ZERO <= c <= NINE:
        end, _, _, last = number(buf, p)
        return p, last, (end if last >= 0 else BAIL)
    end = scalar(buf, p)
    if c == QUOTE:
        return p + 1, end - 1, end
    return p, end, end


@inlined
def _feature(buf: NDArray[np.uint8], p: int, table: Table, rows: Rows, symbol: int, row: int) -> int:
    kind = table.kind[symbol]
    target = table.target[symbol]
    if kind == NUMERIC:
        x = np.nan
        if is_null(buf, p):
            p += 4
        else:
            p, x, _, _ = number(buf, p)
        rows.values[target * rows.value_stride + row] = x
        return p
    if kind == IGNORED:
        return scalar(buf, p)
    code = table.missing[symbol]
    if is_null(buf, p):
        p += 4
    elif kind == BOOLEAN and byte(buf, p) <= NINE:
        return BAIL
    else:
        start, end, p = category(buf, p)
        if p < 0:
            return BAIL
        value = find(buf, start, end - start, table, table.texts[symbol])
        code = table.target[value] if value >= 0 else table.unlisted[symbol]
    rows.codes[target * rows.code_stride + row] = code
    return p


@compiled
def features(buf: NDArray[np.uint8], p: int, table: Table, layouts: Layouts, rows: Rows, shape: int, row: int) -> int:
    """The object of features; listed ones that are absent are missing."""
    space, stamp = layouts.features[shape], rows.counters[STAMP]
    found = count = 0
    previous = -1
    state, p = open_object(buf, p)
    while state == MORE:
        symbol, p = key_at(buf, p, table, space, previous, stamp)
        if symbol < 0:
            return BAIL
        p = _feature(buf, p, table, rows, symbol, row)
        if p < 0:
            return BAIL
        found += table.kind[symbol] != IGNORED
        count += 1
        previous = symbol
        state, p = next_member(buf, p)
    if state != CLOSED or count > MAX_FEATURES:
        return BAIL
    first, listed = layouts.first[shape], layouts.listed[shape]
    if found < listed:
        for symbol in range(first, first + listed):
            if table.seen[symbol] != stamp:
                target = table.target[symbol]
                if table.kind[symbol] == NUMERIC:
                    rows.values[target * rows.value_stride + row] = np.nan
                else:
                    rows.codes[target * rows.code_stride + row] = table.missing[symbol]
    return p


@compiled
def _text_id(buf: NDArray[np.uint8], p: int, size: int, rows: Rows) -> int:
    """The batch's id of a segment value, a new one if need be; BAIL when there are too many."""
    if size == 0:
        return 0
    mask = 2 * DISTINCT - 1
    slot = np.int64(digest(buf, p, size, 0)) & mask
    tries = 0
    while rows.texts[slot] != 0:
        known = rows.texts[slot]
        if rows.text_size[known] == size and same(buf, p, buf, rows.text_at[known], size):
            return int(known)
        slot = (slot + 1) & mask
        tries += 1
        if tries == _TRIES:
            return BAIL
    fresh = rows.counters[IDS]
    if fresh == DISTINCT:
        return BAIL
    rows.counters[IDS] = fresh + 1
    rows.texts[slot] = fresh
    rows.text_at[fresh] = p
    rows.text_size[fresh] = size
    return int(fresh)


@inlined
def _segment(buf: NDArray[np.uint8], p: int, table: Table, rows: Rows, symbol: int, row: int) -> int:
    if byte(buf, p) != QUOTE:
        return BAIL
    start = p + 1
    end, characters = string(buf, start)
    if end < 0 or characters > _MAX_TEXT:
        return BAIL
    if table.kind[symbol] != IGNORED:
        text = _text_id(buf, start, end - start, rows)
        if text < 0:
            return BAIL
        rows.segments[table.target[symbol] * rows.events + row] = text
    return end + 1


@compiled
def entries(buf: NDArray[np.uint8], p: int, table: Table, rows: Rows, space: int, row: int, field: int) -> int:
    """The object of segments or of probabilities, as `field` says."""
    stamp = rows.counters[STAMP]
    total = 0.0
    previous = -1
    state, p = open_object(buf, p)
    empty = state == CLOSED
    while state == MORE:
        symbol, p = key_at(buf, p, table, space, previous, stamp)
        if symbol < 0:
            return BAIL
        if field == PROBABILITIES:
            p, x, _, _ = number(buf, p)
            if x < 0.0 or x > 1.0:
                return BAIL
            total += x
        else:
            p = _segment(buf, p, table, rows, symbol, row)
        if p < 0:
            return BAIL
        previous = symbol
        state, p = next_member(buf, p)
    if state != CLOSED or (field == PROBABILITIES and not empty and abs(total - 1.0) > 0.01):
        return BAIL
    return p


@compiled
def prediction(buf: NDArray[np.uint8], p: int, table: Table, layouts: Layouts, rows: Rows, shape: int, row: int) -> int:
    """The prediction: a number or a text, one of the classes where these are declared."""
    if byte(buf, p) > NINE:
        return BAIL
    kind = layouts.prediction[shape]
    if kind == NUMERIC:
        end, x, _, _ = number(buf, p)
        if end < 0:
            return BAIL
        rows.values[layouts.prediction_row[shape] * rows.value_stride + row] = x
        if layouts.closed[shape] == 0:
            return end
    if kind != CODED and layouts.closed[shape] == 0:
        return scalar(buf, p)
    start, end, after = category(buf, p)
    if after < 0:
        return BAIL
    if layouts.closed[shape] == 1 and find(buf, start, end - start, table, layouts.classes[shape]) < 0:
        return BAIL
    if kind == CODED:
        value = find(buf, start, end - start, table, layouts.prediction_texts[shape])
        rows.codes[layouts.prediction_row[shape] * rows.code_stride + row] = (
            table.target[value] if value >= 0 else layouts.prediction_unlisted[shape]
        )
    return after
