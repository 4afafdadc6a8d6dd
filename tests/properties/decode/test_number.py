"""The compiled number parser against Python's: correctly rounded, or left to the strict path."""

import json
import struct

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.decode.bits import PADDING
from runtime.decode.number import number
from runtime.decode.shape import category_text

_DIGITS = st.text("0123456789", min_size=1, max_size=22)
_TOKENS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"{x:.16e}"),
    st.integers(-(2**70), 2**70).map(str),
    st.builds("{}.{}e{}".format, st.integers(-(2**64), 2**64), _DIGITS, st.integers(-340, 320)),
    st.builds("{}.{}".format, st.integers(-(2**60), 2**60), _DIGITS),
    st.text("0123456789.eE+-", min_size=1, max_size=12),
)


def _read(token: str) -> tuple[int, float, bool, int]:
    return number(np.frombuffer(token.encode() + b"}" + bytes(PADDING), np.uint8), 0)


@given(_TOKENS)
@example("9007199254740993")
@example("9007199254740993.0")
@example("9007199254740992.999999999")
@example("4503599627370496.5")
@example("4503599627370497.5")
@example("1.00000000000000011102230246251565404236316680908203125")
@example("2.9999999999999999999")
@example("123456789012345678e-30")
@settings(max_examples=1_500, deadline=None)
def test_a_token_is_read_as_python_reads_it_or_not_at_all(token: str) -> None:
    end, x, integer, last = _read(token)
    if end < 0:
        return
    value = json.loads(token[:end])
    assert struct.pack("d", x) == struct.pack("d", float(value))
    assert integer == isinstance(value, int)
    if last >= 0:
        assert token[:last] == category_text(value)


@given(st.floats(min_value=1e-280, max_value=1e280))
@settings(max_examples=500, deadline=None)
def test_what_producers_write_is_read_at_once(x: float) -> None:
    """The shortest form of any normal float, as every JSON library writes it."""
    assert _read(repr(x))[:2] == (len(repr(x)), x)
    assert _read(repr(-x))[:2] == (len(repr(-x)), -x)
