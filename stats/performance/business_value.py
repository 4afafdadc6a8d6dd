"""What outcomes were worth, in the model's own unit."""

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells, totals
from stats.performance.interval import mean
from stats.performance.layout import OutcomeLayout


def value_per_prediction(
    layout: OutcomeLayout, cells: Cells, *, level: float = LEVEL, min_count: int = MIN_COUNT
) -> Estimate | TooFew:
    """The mean value of a joined prediction whose label says what it was worth, with its normal interval."""
    n = int(layout.part(cells, "valued"))
    if few := too_few(n, min_count):
        return few
    first, square = (totals(layout.part(cells, "value")) / n).tolist()
    return mean(first, square, n, level)
