"""How far one feature tells the label, against scikit-learn and known cases."""

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sklearn import metrics as sklearn

from stats.retraining.leakage import area_of_two, binned, information_share, rank_correlation

N = 5_000
RNG = np.random.default_rng(11)
POSITIVE = RNG.random(N) < 0.3
LABEL = POSITIVE.astype(np.int64)


def test_the_auc_is_sklearns_whichever_side_is_up() -> None:
    values = POSITIVE + RNG.standard_normal(N)
    expected = sklearn.roc_auc_score(POSITIVE, values)
    assert area_of_two(values, POSITIVE) == pytest.approx(expected)
    assert area_of_two(-values, POSITIVE) == pytest.approx(expected)


def test_a_value_that_is_missing_with_one_label_tells_it() -> None:
    values = np.where(POSITIVE, RNG.standard_normal(N), np.nan)
    assert area_of_two(values, POSITIVE) == 1
    assert information_share(binned(values), LABEL) == pytest.approx(1)


def test_what_is_missing_may_stand_at_either_end() -> None:
    """Missing is positive, and of the rest the higher half: only as the highest number does it complete the order."""
    for sign in (1, -1):
        values = np.where(POSITIVE, 1.0, -1.0) * sign
        values[np.flatnonzero(POSITIVE)[::2]] = np.nan
        assert area_of_two(values, POSITIVE) == 1
        assert rank_correlation(values, LABEL + 0.0) > 0.9


def test_nothing_is_told_by_noise_or_about_one_class() -> None:
    noise = RNG.standard_normal(N)
    assert area_of_two(noise, POSITIVE) < 0.52
    assert area_of_two(noise, np.ones(N, bool)) == 0.5
    assert information_share(binned(noise), LABEL) < 0.03
    assert information_share(binned(noise), np.zeros(N, np.int64)) == 0
    assert rank_correlation(noise, RNG.standard_normal(N)) < 0.05


def test_the_share_of_information_is_sklearns_homogeneity() -> None:
    codes = (LABEL + (RNG.random(N) < 0.2)) % 2 * 3 + RNG.integers(0, 3, N)
    assert information_share(codes, LABEL) == pytest.approx(sklearn.homogeneity_score(LABEL, codes))


@pytest.mark.parametrize(("rows", "told"), [(1, 1.0), (3, 0.3), (9, 0.05)])
def test_identifiers_do_not_look_as_if_they_knew(rows: int, told: float) -> None:
    """Each on few rows, they tell a share of these rows' labels, and nothing of others."""
    ids = np.arange(N) // rows
    assert sklearn.homogeneity_score(LABEL, ids) >= told - 1e-9
    assert information_share(ids, LABEL) < 1e-9
    assert information_share(np.arange(N) // 10, LABEL) < 0.1


def test_the_rank_correlation_is_spearmans_whatever_the_sign() -> None:
    label = RNG.standard_normal(N)
    values = np.exp(-label) + 0.1 * RNG.standard_normal(N)
    expected = abs(scipy_stats.spearmanr(values, label).statistic)
    assert rank_correlation(values, label) == pytest.approx(expected)
    assert rank_correlation(np.full(N, 3.0), label) == 0


def test_bins_hold_ties_whole_and_missing_values_apart() -> None:
    codes = binned(np.array([1.0] * 500 + [2.0] * 500 + [np.nan] * 10))
    assert len({*codes[:500]}) == len({*codes[500:1_000]}) == len({*codes[1_000:]}) == 1
    assert len(set(codes.tolist())) == 3
    assert set(binned(np.full(5, np.nan)).tolist()) == {0}
