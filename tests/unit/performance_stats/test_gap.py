"""Now less the reference, figure by figure."""

from math import sqrt

import numpy as np
import pytest

from stats.outcome import TooFew
from stats.performance.estimate import Estimate, Undefined
from stats.performance.gap import gaps
from stats.performance.interval import difference, share
from stats.performance.metrics import performance
from tests.unit.performance_stats.worlds import BINARY, PRICES, binary, folded, prices


def test_every_figure_of_both_has_a_gap_and_no_other() -> None:
    now, before = {"accuracy": share(80, 100), "f1": share(1, 90)}, {"accuracy": share(900, 1_000), "auc": share(9, 99)}
    assert gaps(now, before) == {"accuracy": difference(now["accuracy"], before["accuracy"])}


def test_a_figure_that_is_none_on_one_side_gives_its_reason() -> None:
    few, none, some = TooFew(needed=30, have=2), Undefined("nobody was there"), share(10, 100)
    assert gaps({"a": few, "b": some, "c": few}, {"a": some, "b": none, "c": none}) == {"a": few, "b": none, "c": few}


def test_half_widths_square_and_add_and_resolutions_add_up() -> None:
    found = difference(Estimate(250.0, 246.0, 253.0, 50, 1.0), Estimate(100.0, 98.0, 105.0, 40, 2.0))
    assert (found.value, found.n, found.resolution) == (150, 40, 3)
    assert found.low == pytest.approx(150 - sqrt(3**2 + 3**2) - 3)
    assert found.high == pytest.approx(150 + sqrt(2**2 + 0**2) + 3)


def test_gaps_without_a_change_hold_nothing_as_often_as_they_say() -> None:
    """Of 95 % intervals at least 51 in 60 pairs of samples (3.6 standard deviations below)."""
    rng = np.random.default_rng(1)
    held: dict[str, int] = {}
    for layout, draw in ((BINARY, binary), (PRICES, prices)):
        for _ in range(60):
            now, before = (performance(layout, folded(layout, draw(rng, n))).figures for n in (400, 900))
            for name, gap in gaps(now, before).items():
                if isinstance(gap, Estimate):
                    held[name] = held.get(name, 0) + (gap.low <= 0 <= gap.high)
    held.pop("calibration_error")  # biased upwards, the more so the fewer labels
    assert {"accuracy", "auc", "mae", "rmse", "r2", "f1"} <= set(held)
    assert min(held.values()) >= 51, held
