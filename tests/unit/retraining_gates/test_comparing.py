"""The comparison is what statistics say of the same rows, and names what it cannot say."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from runtime.training.protocol import Answers
from schemas.comparison import Comparison, Part, Turned
from services.retraining.gates.comparing import Background, compare_models
from services.retraining.gates.figures import figures
from services.retraining.gates.model import judge_model
from services.retraining.gates.trial import Trial, pair
from stats.performance.labelled import fold_labelled
from stats.performance.metrics import performance
from stats.retraining.canary_power import least_rise
from stats.retraining.paired import compare, metrics
from stats.retraining.replace import Retrain, advise
from tests.unit.retraining_gates.worlds import MINUTE_MS, Task, replaced, trial

GOOD = trial(rules={"target": 0.9})
BESIDE = Background(
    run_id="run",
    model="m",
    version="2027-01-15.abcdef",
    artifact_digest="sha256:1",
    parts=(Part(role="holdout", digest="sha256:2", rows=2_000, start_ms=None, end_ms=None),),
    tried=(),
    gates=(),
    production_importance={"age": 0.5, "usage": 0.3, "plan": 0.2},
    candidate_importance={"age": 0.6, "usage": 0.1, "mobile": 0.3},
    history=(),
    labelled_per_day=24_000.0,
)


def compared(of: Trial = GOOD, **beside: Any) -> Comparison:
    """As it is kept: written and read again."""
    made = compare_models(of, replace(BESIDE, **beside))
    assert Comparison.model_validate_json(made.to_json()) == made
    return made


def pairing(of: Trial) -> Any:
    return pair(of.layout, of.holdout, of.incumbent, of.answers)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_figure_of_the_task_is_compared_on_the_same_rows(task: Task) -> None:
    of = trial(task)
    found, rows = compared(of), pairing(of)
    assert [figure.metric for figure in found.metrics] == list(metrics(task))
    for figure in found.metrics:
        expected = compare(figure.metric, rows.label, rows.production, rows.candidate, layout=of.layout)
        assert (figure.production, figure.candidate, figure.p_value) == (
            expected.production, expected.candidate, expected.p_value,
        )  # fmt: skip
        assert (figure.gain, figure.low, figure.high, figure.n) == (
            expected.difference.value, expected.difference.low, expected.difference.high, expected.difference.n,
        )  # fmt: skip


def test_segments_are_the_rows_of_each_value() -> None:
    found = compared()
    assert sorted(found.segments) == ["site=north", "site=south"]
    rows = pairing(GOOD).where(np.arange(2_000) % 2 == 0)
    expected = compare("log_loss", rows.label, rows.production, rows.candidate, layout=GOOD.layout)
    (north,) = (figure for figure in found.segments["site=north"] if figure.metric == "log_loss")
    assert north.gain == expected.difference.value


def test_a_segment_of_few_rows_says_so_and_the_largest_come_within_the_limit() -> None:
    sites = ["a"] * 20 + ["b"] * 900 + [""] * 1_080
    of = replace(GOOD, holdout=replaced(GOOD.holdout, "segment:site", sites))
    found = compared(of).segments
    assert list(found) == ["site=", "site=b", "site=a"]
    assert {figure.why_not for figure in found["site=a"] if figure.metric != "recall"} > {"too few: 20 of at least 30"}
    assert all(figure.gain is None for figure in found["site=a"])
    capped = replace(of, monitor=of.monitor.model_copy(update={"segment_limit": 2}))
    assert list(compared(capped).segments) == ["site=", "site=b"]


def test_answers_that_turned_are_counted() -> None:
    rows = pairing(GOOD)
    was, now = (model.prediction == rows.label for model in (rows.production, rows.candidate))
    expected = Turned(
        gained=int((now & ~was).sum()), lost=int((was & ~now).sum()), right=int(now.sum()), n=2_000
    )  # fmt: skip
    assert compared().turned == expected
    assert compared(trial("regression")).turned is None


def test_groups_are_told_under_both_models() -> None:
    told = {(of.group, of.metric): of for of in compared().fairness}
    rates = ("selection_rate", "tpr", "fpr")
    assert set(told) == {
        *(("north", rate) for rate in rates), *(("south", rate) for rate in rates),
        ("south", "impact_ratio"), ("south", "odds_difference"),
    }  # fmt: skip
    rows = pairing(GOOD)
    south = np.arange(2_000) % 2 == 1
    for side in ("production", "candidate"):
        selected = (getattr(rows, side).prediction[south] == 1).mean()
        assert getattr(told["south", "selection_rate"], side) == pytest.approx(selected)
    ratio = told["south", "impact_ratio"]
    assert ratio.candidate == pytest.approx(
        told["south", "selection_rate"].candidate / told["north", "selection_rate"].candidate
    )
    assert ratio.low < ratio.candidate < ratio.high
    assert {of.against for of in told.values()} == {"north"}


def test_a_group_too_small_has_no_figure() -> None:
    sites = ["south"] * 99 + ["north"] * 1_901
    small = compared(replace(GOOD, holdout=replaced(GOOD.holdout, "segment:site", sites))).fairness
    assert {of.candidate for of in small if of.group == "south"} == {None}


def test_importances_stand_side_by_side_the_candidate_s_most_important_first() -> None:
    found = compared().stability
    assert [of.feature for of in found.importances] == ["age", "mobile", "usage", "plan"]
    assert [of.production for of in found.importances] == [0.5, None, 0.3, 0.2]
    assert (found.kendall_tau, found.top_overlap, found.top) == (1.0, pytest.approx(2 / 3), 3)
    unknown = compared(production_importance={}).stability
    assert (unknown.kendall_tau, unknown.top_overlap, unknown.top) == (None, None, 0)
    assert [of.feature for of in unknown.importances] == ["age", "mobile", "usage"]


def test_advice_follows_from_this_retrain_and_those_before() -> None:
    history = [Turned(gained=60, lost=20, right=1_700, n=2_000), Turned(gained=80, lost=30, right=1_750, n=2_000)]
    found = compared(history=history)
    assert found.turned is not None
    every = [Retrain(of.gained, of.lost, of.right, of.n) for of in [*history, found.turned]]
    expected = advise(every, 0.9)
    assert (found.advice.verdict, found.advice.detail) == (expected.verdict, expected.sentence)
    assert (found.advice.gain, found.advice.retrains) == (expected.gain.value, 3)
    first = compared().advice
    assert (first.verdict, first.gain, first.retrains) == ("collect more", None, 1)


def test_where_there_is_no_advice_it_says_why() -> None:
    assert "`target`" in compared(trial()).advice.detail
    of_numbers = compared(trial("regression", rules={"target": 0.9})).advice
    assert (of_numbers.verdict, of_numbers.target) == (None, 0.9)
    assert "classifications" in of_numbers.detail


def test_a_canary_sees_wrong_answers_once_their_labels_are_there() -> None:
    """24,000 labels a day, an hour late: 5 % of traffic brings 50 labels an hour, of 24 h those of 23."""
    sights = compared().canary
    assert [(of.weight_bp, of.hours) for of in sights] == [
        (weight, hours) for weight in (500, 2_500, 5_000) for hours in (24.0, 48.0)
    ]
    assert [of.events for of in sights] == [1_150, 2_350, 5_750, 11_750, 11_500, 23_500]
    rows = pairing(GOOD)
    wrong = int((rows.production.prediction != rows.label).sum())
    assert {of.production for of in sights} == {(wrong + 0.5) / 2_001}
    for of in sights:
        assert of.least == least_rise(of.production, of.events, of.weight_bp / 10_000)
    assert sights[0].least > sights[1].least > sights[3].least


def test_a_canary_whose_labels_come_too_late_sees_nothing() -> None:
    time_ms = GOOD.holdout.column("time_ms").to_numpy()
    late = replace(GOOD, holdout=replaced(GOOD.holdout, "label_ms", time_ms + 36 * 60 * MINUTE_MS))
    sights = compared(late).canary
    assert [(of.events, of.least) for of in sights if of.hours == 24.0] == [(0, None)] * 3
    assert {of.events for of in sights if of.hours == 48.0} == {600, 3_000, 6_000}
    assert compared(trial("regression")).canary == ()


def test_what_stands_beside_is_kept() -> None:
    gates = judge_model(GOOD)
    found = compared(gates=gates)
    assert found.gates == gates
    assert (found.run_id, found.incumbent, found.version, found.labelled_per_day) == (
        "run", "v1", "2027-01-15.abcdef", 24_000.0,
    )  # fmt: skip
    assert json.loads(found.to_json())["schema"] == "driftline.comparison/1"


def test_flawed_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="the candidate gave 1 answers to 2000 rows"):
        compared(replace(GOOD, answers=Answers(["yes"], None)))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_registry_s_figures_are_those_of_windows(task: Task) -> None:
    of = trial(task)
    rows = pairing(of)
    found = list(figures(rows, 50))
    assert [of.segment for of in found] == ["", "site=north", "site=south"]
    for side in ("production", "candidate"):
        model = getattr(rows, side)
        expected = performance(of.layout, fold_labelled(of.layout, model.prediction, model.probabilities, rows.label))
        told = getattr(found[0], side)
        assert told.keys() == expected.figures.keys() - {"coverage", "value"}
        for name, figure in told.items():
            known = expected.figures[name]
            assert (figure.value, figure.low, figure.high, figure.n) == (known.value, known.low, known.high, known.n)


def test_figures_that_there_are_not_say_why() -> None:
    few = pairing(GOOD).where(np.arange(2_000) < 20)
    (whole, *_) = figures(few, 50)
    assert whole.candidate["accuracy"].why_not == "too few labels: 20 of 30"
