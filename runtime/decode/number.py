"""JSON number tokens to float64, correctly rounded or not at all.

Up to 19 significant digits w and a power of ten q: exact where w <= 2^53 and |q| <= 22 (Clinger 1990), else by one or
two 128-bit products with a truncated power of five (Lemire 2021, "Number parsing at a gigabyte per second"; that no
case needs a fallback: Mushtak & Lemire 2023). Subnormals, infinities and longer tokens are left to the strict path.
"""

import numpy as np
from numpy.typing import NDArray

from runtime.decode.bits import byte, compiled, float_of_bits, high_product, inlined, leading_zeros, word

_SMALLEST, _LARGEST = -300, 300
_TEN = np.array([10.0**i for i in range(23)])


def _fives() -> NDArray[np.uint64]:
    """5^q for q = -300..300 as 128-bit mantissas (high, low), rounded as Lemire's proof asks."""
    words: list[int] = []
    for q in range(_SMALLEST, _LARGEST + 1):
        power = 5 ** abs(q)
        if q >= 0:
            mantissa = power << 128 >> power.bit_length()
        else:
            z = (power - 1).bit_length()
            mantissa = (1 << (z + 127 if q >= -27 else 2 * z + 128)) // power + 1
            mantissa >>= max(0, mantissa.bit_length() - 128)
        words += [mantissa >> 64, mantissa & (1 << 64) - 1]
    return np.array(words, np.uint64)


_FIVES = _fives()
_U1, _U3, _U8, _U9, _U10, _U16, _U32 = (np.uint64(i) for i in (1, 3, 8, 9, 10, 16, 32))
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_UNSURE = np.uint64(0x1FF)
"""The bits of a product's upper half below the 55 that decide the rounding."""
_HIDDEN = np.uint64(1 << 52)
_EXACT = np.uint64(1 << 53)
_EIGHT = np.uint64(100_000_000)
_ZERO, _MINUS, _PLUS, _DOT, _E, _e = 48, 45, 43, 46, 69, 101


@inlined
def _eight_digits(w: np.uint64) -> bool:
    """Whether all eight bytes are ASCII digits."""
    high = w & np.uint64(0xF0F0F0F0F0F0F0F0)
    carried = ((w + np.uint64(0x0606060606060606)) & np.uint64(0xF0F0F0F0F0F0F0F0)) >> np.uint64(4)
    return bool((high | carried) == np.uint64(0x3333333333333333))


@inlined
def _value_of_eight(w: np.uint64) -> np.uint64:
    """The number that eight ASCII digits spell."""
    w = (w & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> _U8
    w = (w & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> _U16
    return (w & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> _U32


@compiled
def scaled(w: np.uint64, q: int) -> float:
    """W × 10^q correctly rounded, for w > 0; -1.0 where that is not sure or not a normal float64."""
    if q < _SMALLEST or q > _LARGEST:
        return -1.0
    shifted = leading_zeros(w)
    w <<= np.uint64(shifted)
    place = 2 * (q - _SMALLEST)
    low = w * _FIVES[place]
    high = high_product(w, _FIVES[place])
    if (high & _UNSURE) == _UNSURE:
        further = high_product(w, _FIVES[place + 1])
        low += further
        if further > low:
            high += _U1
    if low == _ALL:
        return -1.0
    upper = np.int64(high >> np.uint64(63))
    shift = np.uint64(upper + 9)
    mantissa = high >> shift
    exponent = (((152170 + 65536) * q) >> 16) + 63 + upper - shifted + 1023
    if exponent <= 0:
        return -1.0
    if low <= _U1 and q >= -4 and q <= 23 and (mantissa & _U3) == _U1 and (mantissa << shift) == high:
        mantissa &= ~_U1  # exactly half way: to even
    mantissa = (mantissa + (mantissa & _U1)) >> _U1
    if mantissa >= _EXACT:
        mantissa = _HIDDEN
        exponent += 1
    if exponent >= 2047:
        return -1.0
    return float(float_of_bits((mantissa & ~_HIDDEN) | np.uint64(exponent) << np.uint64(52)))


@inlined
def _digits(buf: NDArray[np.uint8], p: int, w: np.uint64) -> tuple[int, np.uint64]:
    """(place after the digits at `p`, `w` with them appended)."""
    digit = np.uint64(byte(buf, p) - _ZERO)
    while digit <= _U9:
        w = w * _U10 + digit
        p += 1
        digit = np.uint64(byte(buf, p) - _ZERO)
    return p, w


@inlined
def _fraction(buf: NDArray[np.uint8], p: int, w: np.uint64) -> tuple[int, np.uint64]:
    """As `_digits`, made for many."""
    for _ in range(2):
        following = word(buf, p)
        if not _eight_digits(following):
            break
        w = w * _EIGHT + _value_of_eight(following)
        p += 8
    return _digits(buf, p, w)


@inlined
def _exponent(buf: NDArray[np.uint8], p: int) -> tuple[int, int]:
    """(place after the exponent whose `e` is before `p`, its value); place -1 where there is none, or a long one."""
    below = byte(buf, p) == _MINUS
    if below or byte(buf, p) == _PLUS:
        p += 1
    end, power = _digits(buf, p, np.uint64(0))
    if end == p or end - p > 5:
        return -1, 0
    return end, int(-np.int64(power) if below else np.int64(power))


@inlined
def _leading_zeros(buf: NDArray[np.uint8], p: int) -> int:
    """Zeros before the first digit that counts."""
    zeros = 0
    while byte(buf, p) == _ZERO or byte(buf, p) == _DOT:
        zeros += byte(buf, p) == _ZERO
        p += 1
    return zeros


@inlined
def _rounded(w: np.uint64, q: int) -> float:
    """The value w × 10^q correctly rounded, -1.0 where that is not sure."""
    if w == np.uint64(0):
        return 0.0
    if w <= _EXACT and -22 <= q <= 22:
        return float(np.float64(w) / _TEN[-q] if q < 0 else np.float64(w) * _TEN[q])
    return scaled(w, q)


@compiled
def number(buf: NDArray[np.uint8], p: int) -> tuple[int, float, bool, int]:  # noqa: PLR0911  leaves at the first doubt
    """Reads the number token at `p`: (its end, its value, whether it is an integer token, end of its canonical text).

    End -1: no number, or one for the strict path. The canonical text is [p, last): `3` of `3` and of `3.0`; last is -1
    where the token does not begin with it.
    """
    refused = (-1, 0.0, False, -1)
    negative = byte(buf, p) == _MINUS
    first = p + negative
    p, w = _digits(buf, first, np.uint64(0))
    digits = p - first
    if digits == 0 or (digits > 1 and byte(buf, first) == _ZERO):
        return refused
    c = byte(buf, p)
    if c not in (_DOT, _E, _e):
        if digits > 18 or (negative and w == np.uint64(0)):
            return refused
        return p, float(-np.int64(w) if negative else np.int64(w)), True, p
    whole, last, q = w, p, 0
    if c == _DOT:
        end, w = _fraction(buf, p + 1, w)
        q = p + 1 - end
        if q == 0:
            return refused
        digits -= q
        p = end
    if digits > 19 and digits - _leading_zeros(buf, first) > 19:
        return refused
    if byte(buf, p) in (_E, _e):
        last = -1
        p, power = _exponent(buf, p + 1)
        q += power
    x = _rounded(w, q)
    if p < 0 or x < 0.0:
        return refused
    if whole >= _EXACT or x != np.float64(whole) or (negative and whole == np.uint64(0)):
        last = -1
    return p, -x if negative else x, False, last
