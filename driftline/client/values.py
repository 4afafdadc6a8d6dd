"""Python values as the contract says them: numpy scalars, missing values, times, enumerations, decimals."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Never
from uuid import UUID

import numpy as np

from runtime.decode.shape import category_text
from runtime.decode.verdict import Refusal

Value = bool | int | float | str | None


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None


def _day(value: date) -> str:
    return value.isoformat()


def _moment(value: np.datetime64) -> str:
    moment: date = value.astype("datetime64[us]").item()
    return moment.isoformat()


def _no_value(value: object) -> Never:
    raise Refusal("SCHEMA", f"{type(value).__name__}: give a number, a text, true, false or None")


_PLAIN = frozenset((str, int, bool, type(None)))
_MISSING = frozenset(("NAType", "NaTType"))
"""Types of pandas, which need not be there."""
_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Value]], ...] = (
    (Enum, lambda value: plain(value.value)),
    (np.bool_, bool),
    (np.datetime64, lambda value: None if np.isnat(value) else _moment(value)),
    (np.timedelta64, _no_value),
    ((int, np.integer), int),
    ((float, np.floating), lambda value: _finite(float(value))),
    (Decimal, lambda value: _finite(float(value)) if value.is_finite() else None),
    (str, str.__str__),
    (UUID, str),
    (date, _day),
)
"""In this order: members of an IntEnum are int as well, timedelta64 is a np.integer, a datetime is a date."""


def plain(value: Any) -> Value:
    """The value as JSON has it; NaN, infinities, NaT and NA are None. Raises Refusal for types without a counterpart.

    Times become ISO 8601 texts. An array or tensor of one element is that element.
    """
    kind = type(value)
    if kind in _PLAIN:
        same: Value = value
        return same
    if kind is float:
        return _finite(value)
    if kind.__name__ in _MISSING:
        return None
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    try:
        inner = value.item()  # numpy, torch, jax
    except Exception:  # noqa: BLE001  there is no such method, or more than one element: each library has its own error
        _no_value(value)
    return plain(inner) if type(inner) in (bool, int, float, str) else _no_value(value)


def text(value: Any) -> str | None:
    """The value as the text that names it among categories, ids and segments: 3 and 3.0 are `3`, true is `true`."""
    found = plain(value)
    return None if found is None else category_text(found)


def answer(value: Any) -> Value:
    """A prediction or label: a number or a text. True and false, which the contract has not, are texts."""
    found = plain(value)
    return category_text(found) if isinstance(found, bool) else found


def whole(value: Any) -> Value:
    """As `plain`, 200.0 as 200: integers with missing ones among them are floats in numpy."""
    found = plain(value)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def time_ms(value: Any, now_ms: int) -> int:
    """Milliseconds since 1970 UTC of an integer, or a datetime with time zone; now of None. Raises Refusal."""
    if value is None:
        return now_ms
    if isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64):
        return int(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return int(value.timestamp() * 1_000)
    raise Refusal("TIME", "time: give milliseconds since 1970 as an integer, or a datetime with time zone")


def named(values: Any, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """A mapping with its names as texts and its values converted. Raises Refusal where two names are one text."""
    found = {name if type(name) is str else str(text(name)): convert(value) for name, value in values.items()}
    if len(found) != len(values):
        raise Refusal("SCHEMA", "two names are the same text")
    return found


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is None."""
    return {name: value for name, value in values.items() if value is not None}
