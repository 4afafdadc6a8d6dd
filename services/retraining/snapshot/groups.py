"""Which groups a prediction belongs to, in the words of the performance windows: segments and protected attributes."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from runtime.decode.rows import DIMENSIONS
from schemas.monitor import Monitor
from schemas.performance import Protected
from stats.performance.class_names import class_name

_VARIANT = "variant"
"""A column of its own: a segment of that name is not watched."""


def dimensions_of(monitor: Monitor) -> tuple[str, ...]:
    """Those that a monitor names; where it watches all that events carry, there are more."""
    named = {attribute.name for attribute in monitor.performance.fairness.protected}
    return tuple(sorted(named | {name for name in monitor.segments or () if name != _VARIANT}))


def groups_of(event: Mapping[str, Any], monitor: Monitor) -> dict[str, str]:
    """Value by dimension of a valid event: its protected attributes, and others up to 16 in all."""
    given = event.get("segments") or {}
    found = {
        attribute.name: value
        for attribute in monitor.performance.fairness.protected
        if (value := _protected(attribute, given, event["features"]))
    }
    for name in sorted(given):
        watched = name != _VARIANT and (monitor.segments is None or name in monitor.segments)
        if watched and given[name] and len(found) < DIMENSIONS:
            found.setdefault(name, given[name])
    return found


def _protected(attribute: Protected, segments: Mapping[str, str], features: Mapping[str, Any]) -> str | None:
    """The group of a protected attribute; None where the event does not say."""
    value = segments.get(attribute.name) or features.get(attribute.name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    return _between(value, attribute.edges) if attribute.edges else class_name(value)


def _between(value: float, edges: tuple[float, ...]) -> str:
    """`<= a`, `a - b` or `> b`; a group has its upper edge."""
    place = bisect_left(edges, value)
    if place == 0:
        return f"<= {class_name(edges[0])}"
    if place == len(edges):
        return f"> {class_name(edges[-1])}"
    return f"{class_name(edges[place - 1])} - {class_name(edges[place])}"
