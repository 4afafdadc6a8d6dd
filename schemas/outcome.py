"""Topic `outcomes`: mergeable partial sums of predictions made, and of those joined with their labels."""

from typing import Literal

from pydantic import Field

from schemas.partial import Partial

By = Literal["prediction_time", "label_time"]
"""By prediction time: cohorts that mature, as their labels come. By label time: what was learned when."""


class Outcome(Partial):
    """What one range of two source partitions, of `predictions` and of `labels`, adds to one model.

    The source is both at once: topic and topic id join theirs with `+`, and an offset is the sum of theirs, which
    rises with either. A slice's cells are the vector of stats/performance/layout.py, its `n` counts joined pairs.
    A corrected label takes the old pair away, from the panes it was counted in, and adds the new one.
    """

    schema_: Literal["driftline.outcome/1"] = Field("driftline.outcome/1", alias="schema")
    by: By
