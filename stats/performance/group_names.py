"""What the groups of a protected attribute are called."""

from bisect import bisect_left
from collections.abc import Sequence

from stats.performance.class_names import class_name


def group_name(value: float | str | None, edges: Sequence[float] = ()) -> str | None:
    """The group of a value: of a number by `edges`, if any; None where there is no value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _between(value, edges) if edges else class_name(value)


def _between(value: float, edges: Sequence[float]) -> str:
    """`<= a`, `a - b` or `> b`; a group has its upper edge."""
    place = bisect_left(edges, value)
    if place == 0:
        return f"<= {class_name(edges[0])}"
    if place == len(edges):
        return f"> {class_name(edges[-1])}"
    return f"{class_name(edges[place - 1])} - {class_name(edges[place])}"
