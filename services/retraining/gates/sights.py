"""What a canary of this model could see, at the traffic and the label delays of the snapshot."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from schemas.comparison import CanarySight
from services.retraining.gates.trial import Pairing
from services.retraining.snapshot.split import column
from stats.performance.exact_sum import Floats
from stats.retraining.canary_power import least_rise

WEIGHTS_BP: Final = (500, 2_500, 5_000)
HOURS: Final = (24.0, 48.0)
_HOUR_MS: Final = 3_600_000


def sights(pairing: Pairing, rows: pa.Table, labelled_per_day: float) -> Iterator[CanarySight]:
    """By weight and time, the least rise of the share of wrong answers; of a regression, which has none, nothing.

    A wrong answer is only seen once its label is there: `events` are those whose label comes in time, by the delays of
    `rows`. Production's share of wrong answers is that of the pairs, (x + ½)/(n + 1), so that none seen is not never.
    """
    if not pairing.layout.classes or not pairing.n:
        return
    wrong = int((pairing.production.prediction != pairing.label).sum())
    rate = (wrong + 0.5) / (pairing.n + 1)
    delay_h = (column(rows, "label_ms") - column(rows, "time_ms")) / _HOUR_MS
    for weight_bp in WEIGHTS_BP:
        for hours in HOURS:
            weight = weight_bp / 10_000
            events = int(weight * labelled_per_day / 24 * _known_hours(delay_h, hours))
            yield CanarySight(
                metric="error_rate",
                weight_bp=weight_bp,
                hours=hours,
                events=events,
                production=rate,
                least=least_rise(rate, events, weight),
            )


def _known_hours(delay_h: Floats, hours: float) -> float:
    """How many of the hours' events have their label when they end, in hours' worth of events."""
    return float(np.clip(hours - delay_h, 0.0, hours).mean())
