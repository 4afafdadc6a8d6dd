"""Compiled string scanning: where a JSON string ends, how many characters it has, what it hashes to."""

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import byte, compiled, inlined, trailing_zeros, word

_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_QUOTES = np.uint64(0x2222222222222222)
_BACKSLASHES = np.uint64(0x5C5C5C5C5C5C5C5C)
_SPACES = np.uint64(0x2020202020202020)
_U0, _U1 = np.uint64(0), np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_QUOTE = 34


@inlined
def skip_space(buf: NDArray[np.uint8], p: int) -> int:
    """The first place at or after `p` that is no JSON white space."""
    c = byte(buf, p)
    while c <= 32 and (c == 32 or c == 10 or c == 13 or c == 9):  # noqa: PLR1714  numba
        p += 1
        c = byte(buf, p)
    return p


@inlined
def same(left: NDArray[np.uint8], i: int, right: NDArray[np.uint8], j: int, size: int) -> bool:
    """Whether `size` > 0 bytes at left[i] and right[j] are equal."""
    while size > 8:
        if word(left, i) != word(right, j):
            return False
        i += 8
        j += 8
        size -= 8
    return bool((word(left, i) ^ word(right, j)) << np.uint64(64 - 8 * size) == _U0)


@compiled
def _count_characters(buf: NDArray[np.uint8], p: int, end: int) -> int:
    """Characters of the UTF-8 text [p, end), or -1 where it is not valid UTF-8 or has a DEL."""
    characters = 0
    while p < end:
        c = byte(buf, p)
        if c == 0x7F or (c >= 0x80 and c < 0xC2) or c > 0xF4:
            return -1
        follow = (c >= 0x80) + (c >= 0xE0) + (c >= 0xF0)
        if p + follow >= end:
            return -1
        if follow:
            d = byte(buf, p + 1)
            low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
            high = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
            if d < low or d > high:
                return -1
            for i in range(2, follow + 1):
                if byte(buf, p + i) & 0xC0 != 0x80:
                    return -1
        p += 1 + follow
        characters += 1
    return characters


@inlined
def _stops(w: np.uint64) -> np.uint64:
    """The top bit of each byte that is a quote, a backslash or a control character; sure for the lowest one only."""
    quote = w ^ _QUOTES
    escape = w ^ _BACKSLASHES
    return (((quote - _ONES) & ~quote) | ((escape - _ONES) & ~escape) | ((w - _SPACES) & ~w)) & _TOPS


@compiled
def string(buf: NDArray[np.uint8], p: int) -> tuple[int, int]:
    """(place of the closing quote, characters) of the string whose opening quote is before `p`.

    Place -1 for the strict path: escapes, control characters, DEL, bytes that are not UTF-8, no end.
    """
    start = p
    w = word(buf, p)
    stop = _stops(w)
    care = _U0
    while stop == _U0:
        care |= (w | (w + _ONES)) & _TOPS
        p += 8
        w = word(buf, p)
        stop = _stops(w)
    place = trailing_zeros(stop)
    care |= (w | (w + _ONES)) & _TOPS & ((_U1 << np.uint64(place - 7)) - _U1)
    p += place >> 3
    if byte(buf, p) != _QUOTE:
        return -1, 0
    if care == _U0:
        return p, p - start
    characters = _count_characters(buf, start, p)
    return (p if characters >= 0 else -1), characters


@compiled
def digest(buf: NDArray[np.uint8], p: int, size: int, seed: int) -> np.uint64:
    """A 64-bit hash of `size` bytes at `p`."""
    h = (np.uint64(seed) + _MIX) * _MIX ^ np.uint64(size)
    while size > 8:
        h = (h ^ word(buf, p)) * _MIX
        h ^= h >> np.uint64(32)
        p += 8
        size -= 8
    if size > 0:
        h = (h ^ (word(buf, p) << np.uint64(64 - 8 * size))) * _MIX
        h ^= h >> np.uint64(32)
    h *= _MIX
    return h ^ h >> np.uint64(29)


@compiled
def digests(buf: NDArray[np.uint8], ends: NDArray[np.int64], hashes: NDArray[np.uint64]) -> None:
    """Hashes the parts of a buffer that end at `ends`, as prediction ids are hashed."""
    start = 0
    for i in range(ends.size):
        hashes[i] = digest(buf, start, ends[i] - start, 0)
        start = ends[i]
