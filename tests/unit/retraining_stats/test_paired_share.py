"""Paired shares against published intervals, the score test done the plain way, and exact enumeration."""

from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats
from scipy.special import xlogy

from stats.outcome import TooFew
from stats.performance.interval import normal_quantile
from stats.retraining.gain import Gain
from stats.retraining.paired_share import mcnemar, paired_share

ALPHA = 0.05


def found(gained: int, lost: int, n: int, alpha: float = ALPHA) -> Gain:
    gain = paired_share(gained, lost, n, alpha=alpha, min_count=1)
    assert isinstance(gain, Gain)
    return gain


def test_the_interval_is_tangos_of_a_published_table() -> None:
    """Fagerland, Lydersen and Laake 2017, chapter 8, on Bentur et al. 2009: 1 and 7 of 21, Tango −0.517 to −0.026."""
    estimate = found(1, 7, 21, 0.025).estimate
    assert (round(estimate.low, 3), round(estimate.high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 2, 50), (0, 4, 30), (5, 5, 40), (30, 1, 31), (7, 0, 400)])
def test_each_end_is_where_the_score_test_just_refuses(gained: int, lost: int, n: int) -> None:
    """The restricted likelihood is maximised numerically here, in closed form there."""
    estimate, z = found(gained, lost, n).estimate, normal_quantile(1 - 2 * ALPHA)

    def score(difference: float) -> float:
        def cost(share_lost: float) -> float:
            shares = np.array([share_lost + difference, share_lost, 1 - 2 * share_lost - difference])
            return -float(xlogy([gained, lost, n - gained - lost], np.maximum(shares, 1e-300)).sum())

        low, high = max(0.0, -difference), (1 - difference) / 2
        best = optimize.minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
        variance = 2 * best + difference - difference**2
        return (gained - lost - n * difference) / sqrt(n * variance)

    assert score(estimate.low) == pytest.approx(z, abs=2e-3)
    assert score(estimate.high) == pytest.approx(-z, abs=2e-3)


@pytest.mark.parametrize("n", [30, 100, 10_000])
def test_two_models_that_agree_everywhere_may_still_differ_by_as_much_as_the_rows_do_not_show(n: int) -> None:
    estimate, z = found(0, 0, n).estimate, normal_quantile(1 - 2 * ALPHA)
    assert (estimate.low, estimate.high) == (pytest.approx(-(z**2) / (n + z**2)), pytest.approx(z**2 / (n + z**2)))


@pytest.mark.parametrize(("gained", "lost", "low", "high"), [(40, 0, 0.0, 1.0), (0, 40, -1.0, 0.0)])
def test_an_interval_ends_where_shares_do(gained: int, lost: int, low: float, high: float) -> None:
    estimate = found(gained, lost, 40).estimate
    assert low <= estimate.low <= estimate.value <= estimate.high <= high


def test_mcnemars_p_value_is_scipys_binomial_test() -> None:
    for gained, lost in product(range(12), range(12)):
        if gained + lost:
            expected = scipy_stats.binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue
            assert mcnemar(gained, lost) == pytest.approx(expected)
    assert mcnemar(0, 0) == 1


@pytest.mark.parametrize("discordant", [0.02, 0.1, 0.4, 1.0])
def test_a_candidate_no_better_is_promoted_at_most_as_often_as_alpha_says(discordant: float) -> None:
    """Every outcome of 40 rows with its probability; the score interval alone errs up to 5.3 %."""
    n, errors = 40, {"ours": 0.0, "score": 0.0}
    for differing in range(n + 1):
        of_differing = comb(n, differing) * discordant**differing * (1 - discordant) ** (n - differing)
        for gained in range(differing + 1):
            probability = of_differing * comb(differing, gained) / 2**differing
            gain = found(gained, differing - gained, n)
            errors["score"] += probability * (gain.estimate.low > 0)
            errors["ours"] += probability * (gain.estimate.low > 0 and gain.p_value <= ALPHA)
    assert errors["ours"] <= ALPHA
    assert errors["ours"] <= errors["score"] <= 0.053


@pytest.mark.parametrize("margin", [-0.02, -0.1])
def test_a_candidate_worse_by_just_the_margin_passes_it_about_as_seldom_as_alpha_says(margin: float) -> None:
    """Every outcome of 200 rows of which 10 % to 20 % differ."""
    n, differing = 200, 0.1 - margin
    shares = ((differing + margin) / 2, (differing - margin) / 2)
    gained, lost = np.meshgrid(np.arange(61), np.arange(61), indexing="ij")
    probability = scipy_stats.multinomial.pmf(
        np.stack([gained, lost, n - gained - lost], -1), n, [*shares, 1 - sum(shares)]
    )
    passes = np.array([[found(b, c, n).estimate.low > margin for c in range(61)] for b in range(61)])
    assert probability.sum() == pytest.approx(1, abs=1e-3)
    assert 0.03 < (probability * passes).sum() < 0.065


def test_few_rows_and_impossible_counts_are_named() -> None:
    assert paired_share(2, 1, 29) == TooFew(needed=30, have=29)
    with pytest.raises(ValueError, match="one and the same set"):
        paired_share(20, 20, 39)
