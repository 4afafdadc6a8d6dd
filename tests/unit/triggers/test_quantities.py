"""Numbers read as a person would write them, and never alike where they differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triggers.quantities import pair, percent, percents, sigmas


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (1_050.3, 1_120.9, ("1,050", "1,121")),
        (9.8, 12.2, ("9.8", "12.2")),
        (0.31, 0.342, ("0.310", "0.342")),
        (1_050.01, 1_050.02, ("1,050.010", "1,050.020")),
        (12.6, 12.6, ("12.6", "12.6")),
        (0.0, 0.0, ("0.00", "0.00")),
        (0.5, 1_200.0, ("0.5", "1,200")),
        (-0.04, 0.96, ("-0.04", "1.0")),
        (1_234_567.0, 2_345_678.0, ("1,234,567", "2,345,678")),
        (2.5e-7, 5e-7, ("2.50e-07", "5.00e-07")),
        (3e18, 4e18, ("3.00e+18", "4.00e+18")),
    ],
)
def test_a_change_is_told_with_the_digits_it_needs(before: float, after: float, texts: tuple[str, str]) -> None:
    assert pair(before, after) == texts


@given(before=st.floats(1e-300, 1e18), share=st.floats(1e-6, 100), sign=st.sampled_from([-1, 1]))
def test_a_change_is_never_told_as_none(before: float, share: float, sign: int) -> None:
    assert len(set(pair(sign * before, sign * before * (1 + share)))) == 2


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.00001, "<0.01 %"), (0.001, "0.1 %"), (0.00123, "0.12 %"), (0.04, "4 %"), (0.0416, "4.2 %"),
     (0.0999, "10 %"), (0.314, "31 %"), (0.9904, "99.0 %"), (0.99999, "99.9 %"), (1.0, "100 %")],
)  # fmt: skip
def test_a_share_has_about_two_digits_and_is_0_or_100_only_where_it_is(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [(0.001, 0.04, ("0.1 %", "4 %")), (0.312, 0.314, ("31.2 %", "31.4 %")), (0.31, 0.31, ("31 %", "31 %"))],
)
def test_rates_that_differ_read_differently(before: float, after: float, texts: tuple[str, str]) -> None:
    assert percents(before, after) == texts


@pytest.mark.parametrize(("value", "text"), [(0.301, "+0.3 σ"), (-1.249, "-1.2 σ"), (0.044, "+0.04 σ")])
def test_standard_deviations_are_signed(value: float, text: str) -> None:
    assert sigmas(value) == text
