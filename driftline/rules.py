"""Rules of gates for people: a figure beside its bound, in the rule's unit."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rich.markup import escape

from driftline.output import count, percent
from schemas.model_event import GateResult

COLUMNS: Final = ("gate", "rule", "of", ">figure", ">bound", "in words")
_HOUR_MS: Final = 3_600_000


def short(value: float | None) -> str:
    """A figure without a unit, in four digits."""
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _hours(value: float) -> str:
    return f"{value / _HOUR_MS:,.1f} h"


def _milliseconds(value: float) -> str:
    return f"{value:,.1f} ms"


def _megabytes(value: float) -> str:
    return f"{value / 1e6:,.2f} MB"


def _rows(value: float) -> str:
    return count(round(value))


_UNITS: Final[Mapping[str, Callable[[float], str]]] = MappingProxyType(
    {
        "rows": _rows,
        "own_rows": _rows,
        "label_rows": _rows,
        "freshness": _hours,
        "label": percent,
        "missing": percent,
        "unseen": percent,
        "range": percent,
        "duplicates": percent,
        "latency_p99_ms": _milliseconds,
        "size_bytes": _megabytes,
    }
)
"""By rule; the others have no unit."""


def in_unit(rule: str, value: float | None) -> str:
    """A rule's figure or bound; an em dash where there is none."""
    return "–" if value is None else _UNITS.get(rule, short)(value)


def row(result: GateResult) -> tuple[str, ...]:
    """One rule's cells, by COLUMNS."""
    return (
        result.gate,
        escape(result.rule),
        escape(result.feature or ""),
        in_unit(result.rule, result.value),
        in_unit(result.rule, result.bound),
        escape(result.detail),
    )
