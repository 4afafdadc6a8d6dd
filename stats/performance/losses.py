"""Log loss and Brier score: means over scored events, with the normal interval of their own spread."""

from typing import Literal

from stats.outcome import TooFew
from stats.performance.estimate import LEVEL, MIN_COUNT, Estimate, too_few
from stats.performance.exact_sum import Cells, totals
from stats.performance.interval import mean
from stats.performance.layout import LOSSES, OutcomeLayout


def scored(layout: OutcomeLayout, cells: Cells) -> int:
    """Pairs with all probabilities and a label among the classes."""
    return int(layout.part(cells, "bins")[0].sum())


def loss(
    layout: OutcomeLayout,
    cells: Cells,
    name: Literal["log_loss", "brier"],
    *,
    level: float = LEVEL,
    min_count: int = MIN_COUNT,
) -> Estimate | TooFew:
    """The mean loss of a scored event.

    log_loss: −ln of the label's probability, at least 1e-15, in nats. brier: Σ_k (y_k − p_k)² over all classes, 0 to 2;
    of two classes half of it, (y − p)², 0 to 1, as is customary (Brier 1950, Monthly Weather Review 78).
    """
    n = scored(layout, cells)
    if few := too_few(n, min_count):
        return few
    place = LOSSES.index(name)
    first, square = (totals(layout.part(cells, "losses")[place : place + 2]) / n).tolist()
    return mean(first, square, n, level, low=0.0)
