"""The detector against its definition written out plainly."""

import math

import numpy as np
import pytest

from stats.detector.detector import Detector, Rule
from stats.detector.expected import smoothed
from stats.detector.season import learn
from stats.detector.shrinkage import dispersion, shrinkage
from stats.detector.volume import RATIOS
from stats.layout import Layout
from tests.unit.detector.scalar import ScalarRow
from tests.unit.detector.worlds import (
    HOUR_MS,
    START_MS,
    cells_of,
    coded,
    layout_of,
    no_history,
    normal_counts,
    normal_layout,
    numeric,
    panes_of,
)

EDGES = (-1.0, 0.0, 1.0)


def mixed_layout() -> Layout:
    return layout_of(
        numeric("x", [30, 400, 500, 70, 20, 0], edges=EDGES),
        coded("c", [800, 150, 30, 20], width=3, rest=("r",)),
        coded("b", [700, 320], kind="boolean"),
    )


def mixed_pane(rng: np.random.Generator, layout: Layout, n: int = 60) -> np.ndarray:
    x, c, b = (
        rng.multinomial(n, p) for p in ([0.04, 0.4, 0.46, 0.08, 0.02, 0], [0.75, 0.2, 0.02, 0.01, 0, 0.02], [0.6, 0.4])
    )
    return cells_of(layout, [x, c, b])


def test_evidence_without_a_season_is_that_of_the_plain_definition() -> None:
    layout = mixed_layout()
    detector = Detector(layout, None, Rule(budget=1e-300))
    watched = detector.watched
    p0 = smoothed(watched.reference, watched.live)
    rows = [
        ScalarRow(p.tolist(), float(m), ordered=bool(ordered), z=3, tau=0.05)
        for p, m, ordered in zip(p0, watched.reference.sum(-1), watched.ordered, strict=True)
    ]
    rng, state = np.random.default_rng(1), detector.start()
    for hour in range(40):
        cells = mixed_pane(rng, layout)
        state, log_e, _ = detector.step(
            state, START_MS + hour * HOUR_MS, cells, lambda _, cells=cells: [(START_MS, cells)]
        )
        plain = [row.step(x.tolist()) for row, x in zip(rows, watched.counts(cells), strict=True)]
        assert log_e[:-1] == pytest.approx(plain, abs=1e-4)
        assert log_e[-1] == -math.inf


def test_an_hours_shares_are_its_own_counts_shrunk_to_the_pooled_ones() -> None:
    rng = np.random.default_rng(2)
    level = np.where(np.arange(336)[:, None] % 24 < 12, 0.3, -0.3)
    counts = normal_counts(rng, 400, level)
    layout = normal_layout(counts)
    season = learn(layout, panes_of(layout, counts), HOUR_MS)
    detector = Detector(layout, season, Rule())
    phi = dispersion(season_panes(counts), np.arange(336) % 168)
    by_hour = season.counts / phi[:, None]
    (kappa,) = shrinkage(by_hour)
    (p0,), (m,) = (getattr(detector._expected.at(5), name) for name in ("p0", "m"))
    (pool,) = smoothed(detector.watched.reference, detector.watched.live)
    (c,) = by_hour[5]
    assert np.isfinite(kappa)
    assert p0 == pytest.approx((c + kappa * pool) / (c.sum() + kappa), rel=1e-3)
    assert m == pytest.approx(min(c.sum() + kappa, counts.sum()))


def season_panes(counts: np.ndarray) -> np.ndarray:
    """Counts with the special cells behind them."""
    return np.concatenate((counts, np.zeros((*counts.shape[:2], 3), int)), -1)


def test_shrinkage_is_the_moments_estimate_of_a_dirichlet_multinomial() -> None:
    rng = np.random.default_rng(3)
    kappa, p = 300.0, np.full(10, 0.1)
    season = np.stack([rng.multinomial(2_000, rng.dirichlet(kappa * p)) for _ in range(168)])[:, None]
    pooled = season.sum((0, 1)) / season.sum()
    df = 167 * 9
    chi2 = ((season[:, 0] - 2_000 * pooled) ** 2 / (2_000 * pooled)).sum()
    rho = (chi2 / df - 1 - 2 * np.sqrt(2 / df)) / 1_999
    assert shrinkage(season.astype(float)) == pytest.approx([(1 - rho) / rho])
    assert shrinkage(season.astype(float))[0] == pytest.approx(kappa, rel=0.2)


def test_hours_that_only_vary_by_chance_have_no_season() -> None:
    rng = np.random.default_rng(4)
    assert np.isinf(shrinkage(rng.multinomial(800, np.full(20, 0.05), size=(168, 6)).astype(float))).all()


def test_events_in_groups_of_five_are_dispersed_five_times_and_are_no_season() -> None:
    rng = np.random.default_rng(5)
    counts = 5 * rng.multinomial(200, np.full(20, 0.05), size=(672, 4))
    hour = np.arange(672) % 168
    phi = dispersion(counts, hour)
    assert phi == pytest.approx(np.full(4, 5), rel=0.05)
    by_hour = counts.reshape(4, 168, 4, 20).sum(0)
    assert np.isfinite(shrinkage(by_hour.astype(float))).all()
    assert np.isinf(shrinkage(by_hour / phi[:, None])).all()


def test_volume_evidence_is_the_quasi_poisson_ratio_against_the_nearest_tolerated_mean() -> None:
    rng = np.random.default_rng(6)
    counts = normal_counts(rng, 500, np.zeros((720, 1)))
    layout = normal_layout(counts)
    season = learn(layout, panes_of(layout, counts), HOUR_MS)
    detector = Detector(layout, season, Rule())
    assert season.volume == pytest.approx(np.full(168, 500))
    assert season.volume_inflation == 1
    n, seen, phi = 430, 500 * 720, 1 + 1 / season.panes[0]
    _, log_e, _ = detector.step(
        detector.start(), START_MS, cells_of(layout, normal_counts(rng, n, np.zeros((1, 1)))[0]), no_history
    )
    epsilon = 0.1 + 3 / math.sqrt(seen)
    terms = []
    for ratio in RATIOS:
        side = 1 if ratio > 1 else -1
        factor, nearest = ratio / (1 + side * 0.1), 500 * (1 + side * epsilon)
        terms.append((n * math.log(factor) - nearest * (factor - 1)) / phi)
    assert log_e[-1] == pytest.approx(math.log(np.mean(np.exp(terms))), abs=1e-4)


def test_the_bound_counts_every_row_and_every_look_of_a_month() -> None:
    assert Detector(mixed_layout(), None, Rule()).bound == pytest.approx(math.log(4 * 720))
    minutes = Rule(budget=0.5, pane_ms=60_000)
    assert Detector(mixed_layout(), None, minutes).bound == pytest.approx(math.log(4 * 43_200 / 0.5))


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"pane_ms": 60}, {"tolerance": -0.1}, {"z": math.nan}])
def test_a_setting_out_of_range_is_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rule(**wrong)
