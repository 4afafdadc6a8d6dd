"""Which part of the traffic a prediction belongs to: segments the monitor watches, and protected attributes."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from runtime.decode.rows import DIMENSIONS
from schemas.monitor import Monitor
from schemas.performance import Protected
from stats.performance.class_names import class_name

_VARIANT = "variant"
"""A dimension of its own, made of the event's field: a segment of that name is not watched."""

Segments = tuple[tuple[str, str], ...]


class Attributes:
    """What one monitor asks for."""

    def __init__(self, monitor: Monitor) -> None:
        self._watched = None if monitor.segments is None else frozenset(monitor.segments)
        self._protected = monitor.performance.fairness.protected

    def of(self, event: Mapping[str, Any]) -> Segments:
        """(dimension, value) of a valid event, in order of dimension: protected ones, and others up to 16 in all."""
        given = event.get("segments") or {}
        found: dict[str, str] = {}
        for attribute in self._protected:
            value = _group(attribute, given, event["features"])
            if value:
                found[attribute.name] = value
        for name in sorted(given):
            wanted = name != _VARIANT and (self._watched is None or name in self._watched)
            if wanted and given[name] and len(found) < DIMENSIONS:
                found.setdefault(name, given[name])
        return tuple(sorted(found.items()))


def _group(attribute: Protected, segments: Mapping[str, str], features: Mapping[str, Any]) -> str | None:
    """The group of a protected attribute; None where the event does not say."""
    value = segments.get(attribute.name) or features.get(attribute.name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _between(value, attribute.edges) if attribute.edges else class_name(value)


def _between(value: float, edges: tuple[float, ...]) -> str:
    """`<= a`, `a - b` or `> b`; a group has its upper edge."""
    place = bisect_left(edges, value)
    if place == 0:
        return f"<= {class_name(edges[0])}"
    if place == len(edges):
        return f"> {class_name(edges[-1])}"
    return f"{class_name(edges[place - 1])} - {class_name(edges[place])}"
