"""Which candidate is chosen, on figures that can be worked out by hand or on truly better answers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runtime.training.protocol import Answers
from schemas.comparison import Tried
from schemas.training import Training
from services.retraining.gates.choosing import Costs, Made, choose
from tests.unit.retraining_gates.worlds import LAYOUTS, Task, World, monitor, replaced

WORLD = World(n=3_000)
VALIDATION = WORLD.table(WORLD.answers(1.0))
GOOD, FAIR, POOR = (WORLD.answers(noise) for noise in (0.2, 0.8, 2.0))


def made(name: str, answers: Answers = FAIR, **costs: Any) -> Made:
    measured: dict[str, Any] = {"size_bytes": 1_000, "latency_p99_ms": 10.0, "train_s": 60.0}
    return Made(name, f"sha256:{name}", parameters={"depth": 3}, answers=answers, **(measured | costs))


def rules(**training: Any) -> Training:
    return monitor(**training).training


def chosen(*of: Made, training: Training | None = None, **more: Any) -> tuple[Tried, ...]:
    tried = choose(LAYOUTS["binary"], training or rules(), VALIDATION, "v1", of, **more)
    assert [one.chosen for one in tried] == [True] + [False] * (len(of) - 1)
    return tried


def names(tried: tuple[Tried, ...]) -> list[str]:
    return [one.name for one in tried]


def test_the_better_answers_win_where_costs_are_alike_whatever_the_order() -> None:
    all_three = [made("a", POOR), made("b", GOOD), made("c", FAIR)]
    for order in (all_three, all_three[::-1]):
        tried = chosen(*order)
        assert names(tried) == ["b", "c", "a"]
        assert tried[0].score is not None
        assert tried[0].score > 0.5
    assert tried[0].parameters == {"depth": 3}
    assert tried[0].metrics.keys() >= {"log_loss", "auc", "accuracy", "f1", "brier"}
    assert tried[0].metrics["log_loss"] < tried[1].metrics["log_loss"] < tried[2].metrics["log_loss"]


def test_of_like_answers_the_cheaper_wins() -> None:
    for cost, much in (("latency_p99_ms", 40.0), ("size_bytes", 9_000), ("train_s", 500.0)):
        assert names(chosen(made("a", **{cost: much}), made("b"))) == ["b", "a"]


def test_a_weight_of_zero_drops_its_criterion() -> None:
    pair = made("a", GOOD, size_bytes=10**8), made("b", FAIR)
    assert names(chosen(*pair, training=rules(weights={"size": 10.0}))) == ["b", "a"]
    assert names(chosen(*pair, training=rules(weights={"size": 0.0}))) == ["a", "b"]


def test_a_candidate_over_a_budget_is_chosen_only_where_none_is_within() -> None:
    slow, huge = made("slow", GOOD, latency_p99_ms=50.1), made("huge", GOOD, size_bytes=500_000_001)
    tried = chosen(slow, huge, made("within", POOR))
    assert names(tried)[0] == "within"
    assert {one.name: one.why_not for one in tried} == {
        "within": None,
        "slow": "latency_p99_ms is 50.1, 50 is the most",
        "huge": "size_bytes is 500,000,001, 500,000,000 is the most",
    }
    assert chosen(slow)[0].name == "slow"


def test_a_candidate_whose_latency_nobody_measured_is_not_within() -> None:
    tried = chosen(made("unknown", GOOD, latency_p99_ms=None), made("within", POOR))
    assert names(tried) == ["within", "unknown"]
    assert tried[1].why_not == "latency_p99_ms is not measured, 50 is the most"


def test_production_s_own_costs_are_the_measure_where_they_are_known() -> None:
    """A candidate like production in every way scores one half, and three quarters at a third of its size."""
    training = rules(weights={"quality": 1e-9, "latency": 0.0, "resources": 0.0, "size": 1.0})
    (third,) = chosen(made("a", size_bytes=1_000), training=training, production=Costs(size_bytes=3_000))
    assert third.score == pytest.approx(0.75)
    (alone,) = chosen(made("a", size_bytes=1_000), training=training)
    assert alone.score == pytest.approx(0.5)


def test_without_production_s_costs_candidates_are_held_against_their_median() -> None:
    training = rules(weights={"quality": 1e-9, "latency": 0.0, "resources": 0.0, "size": 1.0})
    sizes = {"a": 1_000, "b": 3_000, "c": 9_000}
    tried = chosen(*(made(name, size_bytes=size) for name, size in sizes.items()), training=training)
    assert [one.score for one in tried] == [pytest.approx(score) for score in (0.75, 0.5, 0.25)]


def test_production_that_answered_nothing_of_it_leaves_the_candidates_to_each_other() -> None:
    tried = choose(LAYOUTS["binary"], rules(), VALIDATION, "v9", [made("a", POOR), made("b", GOOD)])
    assert names(tried) == ["b", "a"]


def test_flawed_answers_and_lacking_figures_come_last_with_their_reason() -> None:
    assert GOOD.probabilities is not None
    holes = GOOD.probabilities.copy()
    holes[0] = np.nan
    flawed = made("flawed", Answers(GOOD.prediction, holes))
    bare = made("bare", Answers(GOOD.prediction, None))
    tried = chosen(flawed, bare, made("whole", POOR), training=rules(model={"primary": ["log_loss"]}))
    assert names(tried) == ["whole", "bare", "flawed"]
    assert [one.why_not for one in tried] == [
        None, "it has no log_loss", "gave no probabilities that sum to 1 to 1 of 3000 rows",
    ]  # fmt: skip
    assert tried[2].metrics == {}
    assert chosen(flawed)[0].score is None


def test_where_one_has_no_probabilities_accuracy_compares_them_all() -> None:
    tried = chosen(made("bare", Answers(GOOD.prediction, None)), made("whole", POOR))
    assert names(tried) == ["bare", "whole"]


def test_a_figure_that_the_task_does_not_have_scores_nobody() -> None:
    tried = chosen(made("b"), made("a"), training=rules(model={"primary": ["mae"]}))
    assert [(one.name, one.score, one.why_not) for one in tried] == [
        ("a", None, "it has no mae"), ("b", None, "it has no mae"),
    ]  # fmt: skip


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_choose_alike(task: Task) -> None:
    world = World(task, n=1_000)
    table = world.table(world.answers(1.0))
    both = [made("a", world.answers(2.0)), made("b", world.answers(0.3))]
    assert names(choose(LAYOUTS[task], rules(), table, "v1", both)) == ["b", "a"]


def test_quality_counts_rows_of_every_version() -> None:
    """Production answered too few itself: candidates are chosen by all rows nevertheless."""
    table = replaced(VALIDATION, "version", ["v1"] * 10 + ["v0"] * 2_990)
    few = choose(LAYOUTS["binary"], rules(), table, "v1", [made("a", POOR), made("b", GOOD)])
    assert few[0].metrics == chosen(made("b", GOOD))[0].metrics


def test_a_name_breaks_ties() -> None:
    assert names(chosen(replace(made("b"), name="z"), made("a"))) == ["a", "z"]
