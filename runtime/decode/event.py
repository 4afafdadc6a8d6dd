"""The compiled parser of prediction events.

It accepts what is surely valid and says BAIL to everything else: the strict path judges that. So it may be narrower
than the contract, never wider. It looks at each byte once, guided by the symbol table. Ends of records need no check
on the way: an event must end exactly where its record ends, and the buffer ends in zeros, which no token holds.
"""
# ruff: noqa: PLR0917  compiled functions are called by position

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import byte, compiled, inlined, pointers
from runtime.decode.number import number
from runtime.decode.objects import (
    MORE,
    OPEN,
    QUOTE,
    entries,
    features,
    is_null,
    key_at,
    next_member,
    open_object,
    prediction,
    scalar,
    symbol_at,
)  # fmt: skip
from runtime.decode.rows import (
    BAIL,
    DIMENSIONS,
    FEATURES,
    ID,
    KEYS,
    LATENCY,
    MODEL,
    MODEL_SYMBOL,
    MODELS,
    PREDICTION,
    PROBABILITIES,
    SCHEMA,
    SCHEMAS,
    SCORE,
    SEGMENTS,
    STAMP,
    STATUS,
    TIME,
    UNKNOWN_FIELD,
    VARIANT,
    VARIANTS,
    VERSION,
    VERSION_AT,
    Layouts,
    Records,
    Rows,
)  # fmt: skip
from runtime.decode.symbols import Table, find
from runtime.decode.text import digest, same, skip_space, string
from schemas.base import EARLIEST_MS, LATEST_MS

_OPEN_LIST, _CLOSE_LIST, _COMMA, _CLOSE = 91, 93, 44, 125
_REQUIRED = (1 << (PREDICTION + 1)) - 1


@inlined
def _numeric_field(buf: NDArray[np.uint8], p: int, rows: Rows, row: int, field: int) -> int:
    """Time, score, latency or status."""
    end, x, integer, _ = number(buf, p)
    if field == SCORE:
        rows.score[row] = x
        return end if 0.0 <= x <= 1.0 else BAIL
    if field == LATENCY:
        rows.latency_ms[row] = x
        return end if x >= 0.0 else BAIL
    if not integer:
        return BAIL
    if field == TIME:
        rows.time_ms[row] = np.int64(x)
        return end if EARLIEST_MS <= x <= LATEST_MS else BAIL
    rows.status[row] = np.int16(x)
    return end if 100 <= x <= 599 else BAIL


@inlined
def _known_text(buf: NDArray[np.uint8], p: int, table: Table, rows: Rows, row: int, field: int) -> int:
    """Schema, model or variant, each one of the table's."""
    space = SCHEMAS if field == SCHEMA else MODELS if field == MODEL else VARIANTS
    symbol, p = symbol_at(buf, p, table, space, table.heads[space])
    if symbol < 0:
        return BAIL
    table.heads[space] = symbol
    if field == MODEL:
        rows.counters[MODEL_SYMBOL] = symbol
    elif field == VARIANT:
        rows.segments[row] = table.target[symbol]
    return p


@inlined
def _identifier(
    buf: NDArray[np.uint8],
    p: int,
    keys: NDArray[np.uint8],
    key_from: int,
    key_size: int,
    rows: Rows,
    row: int,
    field: int,
) -> int:
    """Any valid identifier; the prediction's must be the Kafka key."""
    end, characters = string(buf, p)
    if end < 0 or characters == 0 or characters > 256:
        return BAIL
    if field == ID:
        if end - p != key_size or not same(buf, p, keys, key_from, key_size):
            return BAIL
        rows.id_hash[row] = digest(buf, p, key_size, 0)
    elif field == VERSION:
        rows.counters[VERSION_AT] = p
    return end + 1


@inlined
def _resolve(buf: NDArray[np.uint8], table: Table, model: int, version_at: int) -> int:
    """The shape of a model's symbol and the version at a place, or BAIL."""
    space = table.texts[model]
    symbol, _ = symbol_at(buf, version_at, table, space, table.heads[space])
    if symbol < 0:
        return BAIL
    table.heads[space] = symbol
    return int(table.target[symbol])


@compiled
def _skip(buf: NDArray[np.uint8], p: int, stop: int) -> int:
    """The place after the value at `p`, by its brackets and quotes alone, or BAIL."""
    depth = 0
    while p < stop:
        c = byte(buf, p)
        if c == QUOTE:
            p, _ = string(buf, p + 1)
            if p < 0:
                return BAIL
        elif c in (OPEN, _OPEN_LIST):
            depth += 1
        elif c in (_COMMA, _CLOSE, _CLOSE_LIST):
            if depth == 0:
                return p
            depth -= c != _COMMA
        p += 1
    return BAIL


@compiled
def _peek(buf: NDArray[np.uint8], p: int, stop: int, table: Table, rows: Rows) -> int:
    """The shape of an event whose model or version comes after the value at `p`, or BAIL."""
    model, version_at = rows.counters[MODEL_SYMBOL], rows.counters[VERSION_AT]
    while model < 0 or version_at < 0:
        p = _skip(buf, p, stop)
        if p < 0:
            return BAIL
        state, p = next_member(buf, p)
        if state != MORE or byte(buf, p) != QUOTE:
            return BAIL
        end, _ = string(buf, p + 1)
        if end < 0:
            return BAIL
        symbol = find(buf, p + 1, end - p - 1, table, KEYS)
        p = skip_space(buf, skip_space(buf, end + 1) + 1)
        if symbol < 0 or byte(buf, p) != QUOTE:
            continue
        if table.kind[symbol] == MODEL:
            model, _ = symbol_at(buf, p + 1, table, MODELS, -1)
            if model < 0:
                return BAIL
        elif table.kind[symbol] == VERSION:
            version_at = p + 1
    return _resolve(buf, table, model, version_at)


@compiled
def _parse_event(  # noqa: C901, PLR0911, PLR0912  one pass over the bytes, one branch a sort of field
    buf: NDArray[np.uint8], p: int, stop: int, keys: NDArray[np.uint8], key_from: int, key_size: int,
    row: int, table: Table, layouts: Layouts, rows: Rows,
) -> int:  # fmt: skip
    """Reads the record [p, stop) into the row; its shape, or BAIL."""
    rows.counters[STAMP] += 1
    rows.counters[MODEL_SYMBOL] = rows.counters[VERSION_AT] = -1
    rows.score[row] = rows.latency_ms[row] = np.nan
    rows.status[row] = rows.unknown[row] = 0
    stamp = rows.counters[STAMP]
    shape, resolved, seen, previous = BAIL, False, 0, -1
    state, p = open_object(buf, skip_space(buf, p))
    while state == MORE:
        symbol, p = key_at(buf, p, table, KEYS, previous, stamp)
        if symbol < 0:
            return BAIL
        field = table.kind[symbol]
        seen |= 1 << field
        if shape < 0 and field in (FEATURES, PREDICTION, SEGMENTS, PROBABILITIES):
            shape = _peek(buf, p, stop, table, rows)
            if shape < 0:
                return BAIL
        if field == FEATURES:
            p = features(buf, p, table, layouts, rows, shape, row)
        elif field == PREDICTION:
            p = prediction(buf, p, table, layouts, rows, shape, row)
        elif field == UNKNOWN_FIELD:
            rows.unknown[row] = 1
            p = scalar(buf, p)
        elif field >= SCORE and is_null(buf, p):
            p += 4
        elif field in (TIME, SCORE, LATENCY, STATUS):
            p = _numeric_field(buf, p, rows, row, field)
        elif field == SEGMENTS:
            p = entries(buf, p, table, rows, layouts.segments[shape], row, field)
        elif field == PROBABILITIES:
            p = entries(buf, p, table, rows, layouts.classes[shape], row, field)
        elif byte(buf, p) != QUOTE:
            return BAIL
        elif field in (SCHEMA, MODEL, VARIANT):
            p = _known_text(buf, p + 1, table, rows, row, field)
        else:
            p = _identifier(buf, p + 1, keys, key_from, key_size, rows, row, field)
        if p < 0:
            return BAIL
        if not resolved and rows.counters[MODEL_SYMBOL] >= 0 and rows.counters[VERSION_AT] >= 0:
            found = _resolve(buf, table, rows.counters[MODEL_SYMBOL], rows.counters[VERSION_AT])
            if found < 0 or shape not in (found, BAIL):
                return BAIL
            shape, resolved = found, True
        previous = symbol
        state, p = next_member(buf, p)
    if state == BAIL or (seen & _REQUIRED) != _REQUIRED or p > stop or skip_space(buf, p) < stop:
        return BAIL
    if layouts.score_row[shape] >= 0:
        rows.values[layouts.score_row[shape] * rows.value_stride + row] = rows.score[row]
    return shape


@compiled
def parse_batch(records: Records, chosen: NDArray[np.int64], table: Table, layouts: Layouts, rows: Rows) -> None:
    """Reads the chosen records into their rows; `rows.shape` says which were accepted."""
    buf, ends, keys, key_ends = pointers(records)
    symbols, shapes, out = pointers(table), pointers(layouts), pointers(rows)
    for row in chosen:
        start = ends[row - 1] if row else 0
        key_from = key_ends[row - 1] if row else 0
        key_size = key_ends[row] - key_from
        shape = _parse_event(buf, start, ends[row], keys, key_from, key_size, row, symbols, shapes, out)
        out.shape[row] = shape
        if shape < 0:
            for dimension in range(DIMENSIONS):
                out.segments[dimension * out.events + row] = 0
