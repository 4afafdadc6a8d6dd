"""Topic `plans`: by which monitors and baselines the join has read each partition, from which offsets on."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Record, SourceRange


class PlanChange(Record):
    """From the starts of these ranges on, a partition is joined by what was applied up to these offsets.

    Written with the first transaction of it, and now and then again, so that retention leaves the newest.
    """

    schema_: Literal["driftline.plan-change/1"] = Field("driftline.plan-change/1", alias="schema")
    predictions: SourceRange
    labels: SourceRange
    monitors: Count
    """Offset in `monitors`: the records before it held."""
    baselines: Count
    """Offset in `baselines`."""
    wall_ms: int
