"""Sums are exact, whatever the size of the numbers and the order in which they came."""

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from stats.performance.exact_sum import LIMIT, digits_of, total, totals

number = st.floats(-LIMIT, LIMIT) | st.floats(-1e6, 1e6) | st.floats(-1e-6, 1e-6)
numbers = st.lists(number, max_size=40)


def units(value: float) -> int:
    """What is kept of a number: whole units of 2^-30, ties to even as numpy rounds."""
    return round(Fraction(value) * 2**30)


@given(numbers)
@example([LIMIT, -LIMIT, 2.0**-30, LIMIT, 0.1])
def test_the_sum_of_digits_is_the_exact_sum_of_the_rounded_numbers(values: list[float]) -> None:
    cells = digits_of(np.array(values, np.float64)).sum(0)
    assert total(cells) == sum(map(units, values)) / 2**30


@given(numbers, st.randoms(use_true_random=False))
def test_any_order_and_any_split_give_the_same_cells(values: list[float], random) -> None:  # noqa: ANN001  hypothesis draws it
    shuffled = random.sample(values, len(values))
    cut = random.randint(0, len(values))
    whole = digits_of(np.array(values, np.float64)).sum(0)
    parts = [digits_of(np.array(part, np.float64)).sum(0) for part in (shuffled[:cut], shuffled[cut:])]
    assert np.array_equal(whole, parts[0] + parts[1])


@given(numbers, number)
def test_taking_a_number_away_leaves_no_trace(values: list[float], value: float) -> None:
    with_it = digits_of(np.array([*values, value], np.float64)).sum(0)
    assert np.array_equal(with_it - digits_of(np.array([value]))[0], digits_of(np.array(values, np.float64)).sum(0))


@given(st.floats(allow_nan=False))
def test_beyond_the_limit_numbers_count_as_the_limit(value: float) -> None:
    (cells,) = digits_of(np.array([value]))
    assert total(cells) == units(min(max(value, -LIMIT), LIMIT)) / 2**30
    assert np.abs(cells).max() < 2**30


def test_many_sums_at_once_are_what_each_is_alone() -> None:
    values = np.random.default_rng(1).normal(0, 1e9, (3, 4))
    assert np.array_equal(totals(digits_of(values)), np.vectorize(lambda value: units(value) / 2**30)(values))
