"""How many predictions have a label yet, and how long labels take: shown beside every figure that asks for labels."""

from dataclasses import dataclass

from stats.outcome import TooFew
from stats.performance import delay
from stats.performance.estimate import LEVEL, MIN_COUNT, Figure, Undefined
from stats.performance.exact_sum import Cells
from stats.performance.interval import share
from stats.performance.layout import OutcomeLayout


@dataclass(frozen=True, slots=True)
class Delay:
    """Time from a prediction to its label, in seconds, within 0.8 %, of labels that came."""

    p50_s: float | TooFew
    p95_s: float | TooFew


def coverage(
    layout: OutcomeLayout,
    cells: Cells,
    predictions: int | None = None,
    *,
    level: float = LEVEL,
    min_count: int = MIN_COUNT,
) -> Figure:
    """Share of predictions that have a label; `predictions` where the vector itself does not count those made.

    It has no value where there are more labels than predictions, as in a vector by label time.
    """
    made = int(layout.part(cells, "made")) if predictions is None else predictions
    joined = int(layout.part(cells, "n"))
    if made >= max(min_count, 1) and joined > made:
        return Undefined(f"{joined} labels of {made} predictions: ask over windows by prediction time")
    return share(min(joined, made), made, level=level, min_count=min_count)


def label_delay(layout: OutcomeLayout, cells: Cells) -> Delay:
    """Median and 95 % quantile; p50 asks for 2 labels, p95 for 20."""
    return Delay(*delay.quantiles(layout.part(cells, "delay"), (0.5, 0.95)))
