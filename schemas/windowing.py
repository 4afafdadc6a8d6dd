"""Durations as people write them, and sizes of windows."""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import Record

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def duration_ms(value: Any) -> Any:
    """Reads `90s`, `5m`, `1h`, `7d`, `2w` as milliseconds; leaves whole milliseconds as they are.

    Raises ValueError for text that is no duration.
    """
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)\s*(ms|s|m|h|d|w)", value.strip())
    if match is None:
        raise ValueError(f"{value!r} is no duration: write a whole number and a unit, such as 90s, 5m, 1h or 7d")
    return int(match[1]) * _UNITS_MS[match[2]]


LONGEST_MS = 400 * 86_400_000
DurationMs = Annotated[int, BeforeValidator(duration_ms), Field(gt=0, le=LONGEST_MS)]
"""A duration in milliseconds, at most 400 days."""


class WindowSpec(Record):
    """One size of window. Tumbling without a slide; a slide divides the size."""

    size: DurationMs
    slide: DurationMs | None = None

    @property
    def slide_ms(self) -> int:
        """The step from one window's start to the next."""
        return self.slide or self.size

    @model_validator(mode="after")
    def _slide_divides_size(self) -> Self:
        if self.size % self.slide_ms:
            raise ValueError("a window's slide must divide its size, as 1h divides 1d")
        return self


def levels_ms(windows: tuple[WindowSpec, ...]) -> tuple[int, ...]:
    """The distinct slides: at each one sum is kept per step, and windows are sums of steps."""
    return tuple(sorted({window.slide_ms for window in windows}))
