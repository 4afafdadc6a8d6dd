"""How often a candidate that is no better gets through, and one that is: two hundred of each, from tables."""

from dataclasses import replace

import pytest
from scipy.stats import binom

from services.retraining.gates.model import judge_model
from tests.unit.retraining_gates.worlds import Task, failures, trial

RUNS, ALPHA, SURE = 200, 0.05, 1e-4


def promoted(task: Task, candidate: float, n: int) -> int:
    """Of two hundred candidates against production with noise of size 1."""
    of = (trial(task, n=n, seed=seed, production=1.0, candidate=candidate) for seed in range(RUNS))
    return sum(not failures(judge_model(one)) for one in of)


def better(task: Task, n: int) -> int:
    """Of two hundred candidates as good as production, those that the primary metric lets through."""
    of = (trial(task, n=n, seed=seed, production=1.0, candidate=1.0) for seed in range(RUNS))
    return sum("primary" not in dict(failures(judge_model(one))) for one in of)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_candidate_as_good_as_production_gets_through_as_often_as_alpha_says(task: Task) -> None:
    lucky = better(task, 250)
    assert binom.ppf(SURE, RUNS, ALPHA) <= lucky <= binom.isf(SURE, RUNS, ALPHA)


def test_a_worse_candidate_does_not_get_through() -> None:
    assert promoted("binary", 2.0, 250) == 0


def test_a_truly_better_candidate_gets_through() -> None:
    """Sites that are treated alike, and nothing else in its way: the more rows the surer."""
    assert promoted("binary", 0.2, 1_500) >= 0.95 * RUNS


def test_a_smaller_alpha_lets_fewer_lucky_ones_through() -> None:
    strict = [
        failures(judge_model(replace(of, monitor=trial(n=50, rules={"model": {"alpha": 0.001}}).monitor)))
        for of in (trial(n=250, seed=seed, production=1.0, candidate=1.0) for seed in range(100))
    ]
    assert all(("primary", "log_loss") in told for told in strict)
