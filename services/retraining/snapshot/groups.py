"""Which groups a prediction belongs to, in the words of the performance windows: segments and protected attributes."""

from collections.abc import Mapping
from typing import Any

from runtime.decode.rows import DIMENSIONS
from schemas.monitor import Monitor
from stats.performance.group_names import group_name

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
        if (value := group_name(given.get(attribute.name) or event["features"].get(attribute.name), attribute.edges))
    }
    for name in sorted(given):
        watched = name != _VARIANT and (monitor.segments is None or name in monitor.segments)
        if watched and given[name] and len(found) < DIMENSIONS:
            found.setdefault(name, given[name])
    return found
