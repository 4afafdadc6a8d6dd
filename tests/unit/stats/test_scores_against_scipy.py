"""Every score against an independent implementation, on raw values or on the same counts."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from scipy.spatial.distance import jensenshannon

from stats.baseline import build_column
from stats.chi2 import chi2, chi2_p
from stats.fold import Columns, fold
from stats.jensen_shannon import jensen_shannon
from stats.kl import kl
from stats.ks import ks
from stats.layout import Layout
from stats.linf import linf
from stats.outcome import TooFew
from stats.psi import p_value, psi, psi_adj
from stats.reference import Reference
from stats.scores import ColumnScore, score

REFERENCE = np.array([120, 300, 0, 55, 7, 0])
CURRENT = np.array([80, 310, 4, 20, 0, 0])


def score_of(reference: np.ndarray, current: np.ndarray, **options: float) -> ColumnScore:
    layout = Layout(Reference((build_column("x", "feature", "numeric", reference),)))
    n = current.size
    nothing = np.full(n, np.nan)
    columns = Columns(current[None], np.empty((0, n), np.int32), np.zeros(n, np.int16), nothing, nothing)
    (cells,) = fold(layout, columns, np.zeros(n, np.int64), 1)
    (scored,) = score(layout, layout.reference_cells, cells, **options)
    return scored


def test_psi_and_kl_are_the_sums_of_their_definitions_over_cells_used_on_either_side() -> None:
    r, c = REFERENCE[:5] + 0.5, CURRENT[:5] + 0.5
    p, q = r / r.sum(), c / c.sum()
    assert psi(REFERENCE, CURRENT) == pytest.approx(scipy_stats.entropy(q, p) + scipy_stats.entropy(p, q))
    assert kl(REFERENCE, CURRENT) == pytest.approx(scipy_stats.entropy(q, p))


def test_jensen_shannon_is_scipys_in_base_two() -> None:
    assert jensen_shannon(REFERENCE, CURRENT) == pytest.approx(jensenshannon(REFERENCE, CURRENT, base=2))
    assert jensen_shannon(np.array([5, 0]), np.array([0, 9])) == pytest.approx(1)
    assert jensen_shannon(REFERENCE, REFERENCE) == 0


def test_chi2_is_scipys_test_of_homogeneity() -> None:
    statistic, degrees = chi2(REFERENCE, CURRENT)
    expected = scipy_stats.chi2_contingency([REFERENCE[:5], CURRENT[:5]], correction=False)
    assert (statistic, degrees) == (pytest.approx(expected.statistic), expected.dof)
    p = chi2_p(statistic, degrees, CURRENT.sum(), REFERENCE.sum())
    assert p == pytest.approx(expected.pvalue)


def test_chi2_of_a_single_cell_finds_no_drift() -> None:
    statistic, degrees = chi2(np.array([0, 500]), np.array([0, 100]))
    assert degrees == 0
    assert chi2_p(statistic, degrees, 100, 500) == 1


def test_overdispersion_weakens_the_chi2_test() -> None:
    statistic, degrees = chi2(REFERENCE, CURRENT)
    sizes = CURRENT.sum(), REFERENCE.sum()
    assert chi2_p(statistic, degrees, *sizes, phi=4.0) > chi2_p(statistic, degrees, *sizes)


def test_linf_is_the_greatest_change_of_a_share() -> None:
    assert linf(np.array([50, 50]), np.array([80, 20])) == pytest.approx(0.3)


@pytest.mark.parametrize("function", [psi, kl, jensen_shannon, linf, ks])
def test_many_columns_at_once_give_what_each_gives_alone(function) -> None:  # noqa: ANN001  any score
    rng = np.random.default_rng(5)
    reference, current = rng.poisson(30, (7, 12)), rng.poisson(20, (7, 12))
    reference[:, 9:] = current[:, 9:] = 0
    alone = [float(function(r[:9], c[:9])) for r, c in zip(reference, current, strict=True)]
    assert function(reference, current) == pytest.approx(alone)


def test_ks_on_a_large_smooth_sample_is_within_two_thousandths_of_scipy() -> None:
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=100_000), rng.normal(0.3, 1.1, size=50_000)
    assert score_of(reference, current).ks == pytest.approx(
        scipy_stats.ks_2samp(reference, current).statistic, abs=0.002
    )


SHAPES = ("normal", "exponential", "lognormal", "uniform")


def wasserstein_and_scipys(shape: str, shift: float, spread: float) -> tuple[float, float]:
    rng = np.random.default_rng(2)
    draw = getattr(rng, shape)
    reference, current = draw(size=40_000), draw(size=40_000) * spread + shift
    expected = scipy_stats.wasserstein_distance(reference, current) / reference.std()
    return score_of(reference, current).wasserstein, expected


@pytest.mark.parametrize("shift_and_spread", [(0, 1), (0.1, 1), (1, 1), (0, 1.5), (0, 0.5), (0.5, 0.5)], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein_is_within_two_thousandths_of_a_deviation_of_scipy(
    shape: str, shift_and_spread: tuple[float, float]
) -> None:
    ours, expected = wasserstein_and_scipys(shape, *shift_and_spread)
    assert ours == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize("shape", SHAPES)
def test_wasserstein_of_a_collapse_into_one_bin_is_within_a_hundredth(shape: str) -> None:
    """Masses at the bins' means alone, or lines through the bins, err by up to a quarter here."""
    ours, expected = wasserstein_and_scipys(shape, 4, 0.1)
    assert ours == pytest.approx(expected, rel=0.01)


def test_mean_std_and_shift_are_numpys() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.gamma(3, 20, 20_000), rng.gamma(3, 22, 5_000)
    scored = score_of(reference, current)
    assert scored.mean == pytest.approx(current.mean(), rel=1e-6)
    assert scored.std == pytest.approx(current.std(), rel=1e-4)
    assert scored.mean_shift == pytest.approx((current.mean() - reference.mean()) / reference.std(), abs=1e-4)


def test_psi_without_drift_has_the_expected_mean_and_psi_adj_is_centred_at_zero() -> None:
    rng = np.random.default_rng(4)
    n, m, cells, runs = 1_000, 5_000, 20, 4_000
    shares = np.full(cells, 1 / cells)
    reference, current = rng.multinomial(m, shares, runs), rng.multinomial(n, shares, runs)
    found = psi(reference, current)
    expected = (cells - 1) * (1 / n + 1 / m)
    standard_error = found.std() / np.sqrt(runs)
    assert found.mean() == pytest.approx(expected, abs=4 * standard_error + 0.02 * expected)
    assert psi_adj(found, cells, n, m).mean() == pytest.approx(0, abs=4 * standard_error + 0.02 * expected)


def test_the_whole_column_score_is_centred_at_zero_without_drift() -> None:
    """Tail cells and cells that only one side uses must not tilt the correction."""
    rng = np.random.default_rng(6)
    reference = rng.normal(size=50_000)
    found = np.array([score_of(reference, rng.normal(size=1_000)).psi_adj for _ in range(200)])
    assert found.mean() == pytest.approx(0, abs=4 * found.std() / np.sqrt(found.size))


def test_overdispersion_lowers_psi_adj() -> None:
    rng = np.random.default_rng(7)
    reference, current = rng.normal(size=5_000), np.repeat(rng.normal(size=200), 5)
    plain, corrected = score_of(reference, current).psi_adj, score_of(reference, current, phi=5.0).psi_adj
    assert abs(corrected) < plain


def test_p_value_of_psi_is_uniform_without_drift_and_small_with_it() -> None:
    rng = np.random.default_rng(8)
    shares = np.full(10, 0.1)
    reference, current = rng.multinomial(20_000, shares, 400), rng.multinomial(2_000, shares, 400)
    values = [p_value(x, 10, 2_000, 20_000) for x in psi(reference, current)]
    assert scipy_stats.kstest(values, "uniform").pvalue > 0.001
    drifted = psi(reference[0], rng.multinomial(2_000, np.linspace(0.05, 0.15, 10)))
    assert p_value(drifted, 10, 2_000, 20_000) < 1e-6


def test_minimum_effect_asks_for_more_than_significance() -> None:
    """A real but tiny drift in a huge sample is significant, and still no evidence of an effect of 0.1."""
    assert p_value(0.01, 10, 100_000, 100_000) < 1e-6
    assert p_value(0.01, 10, 100_000, 100_000, effect=0.1) > 0.99
    assert p_value(0.2, 10, 100_000, 100_000, effect=0.1) < 1e-6


def test_p_value_with_few_counts_a_cell_is_a_named_outcome() -> None:
    assert p_value(0.1, 20, 150, 10_000) == TooFew(needed=200, have=150)
