"""Edge cases: what turned, and where."""

import pytest

from stats.retraining.regression_cases import RegressionCases, regression_cases


def test_every_case_that_turned_is_named_on_its_side() -> None:
    found = regression_cases(["a", "b", "b", "c"], ["a", "b", "a", "a"], ["a", "c", "b", "a"])
    assert found == RegressionCases(n=4, production_right=2, candidate_right=2, broken=(1,), fixed=(2,))


@pytest.mark.parametrize(("answer", "broken"), [(10.5, ()), (9.5, ()), (10.500001, (0,)), (float("nan"), (0,))])
def test_a_number_is_right_up_to_its_tolerance(answer: float, broken: tuple[int, ...]) -> None:
    assert regression_cases([10.0], [10.0], [answer], tolerance=0.5).broken == broken


def test_no_cases_break_nothing() -> None:
    assert regression_cases([], [], []) == RegressionCases(0, 0, 0, (), ())


def test_a_name_is_not_a_number() -> None:
    assert regression_cases(["1"], ["1"], [1.0]).broken == (0,)


def test_cases_without_an_answer_are_refused() -> None:
    with pytest.raises(ValueError, match="every case"):
        regression_cases(["a"], ["a"], [])
    with pytest.raises(ValueError, match="0 or more"):
        regression_cases([1.0], [1.0], [1.0], tolerance=-1)


def test_where_production_could_not_be_asked_each_case_must_be_right() -> None:
    found = regression_cases(["a", "b", "c"], None, ["a", "c", "b"])
    assert found == RegressionCases(n=3, production_right=None, candidate_right=1, broken=(1, 2), fixed=())
    assert regression_cases([float("nan")], None, [1.0]).broken == (0,)
    with pytest.raises(ValueError, match="every case"):
        regression_cases(["a"], None, [])
