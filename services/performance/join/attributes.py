"""Which part of the traffic a prediction belongs to: segments the monitor watches, and protected attributes."""

from collections.abc import Mapping
from typing import Any

from runtime.decode.rows import DIMENSIONS
from schemas.monitor import Monitor
from stats.performance.group_names import group_name

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
            value = group_name(given.get(attribute.name) or event["features"].get(attribute.name), attribute.edges)
            if value:
                found[attribute.name] = value
        for name in sorted(given):
            wanted = name != _VARIANT and (self._watched is None or name in self._watched)
            if wanted and given[name] and len(found) < DIMENSIONS:
                found.setdefault(name, given[name])
        return tuple(sorted(found.items()))
