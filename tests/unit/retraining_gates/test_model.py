"""From tables to the model gate: a better candidate passes, and one that breaks a single promise fails by its rule."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest

from runtime.training.protocol import Answers
from schemas.training import PairedMetric
from services.retraining.gates.model import judge_model
from services.retraining.gates.results import summary
from services.retraining.gates.trial import Trial
from stats.retraining.paired import metrics
from tests.unit.retraining_gates.worlds import CLASSES, Task, World, failures, monitor, replaced, trial

GOOD = trial()
CASE = {"features": {"age": 30.0}, "label": "yes"}


def under(of: Trial, performance: dict[str, Any] | None = None, **training: Any) -> Trial:
    """The trial by other rules."""
    made = monitor(**training)
    if performance is not None:
        said = json.loads(made.to_json()) | {"performance": performance}
        made = type(made).model_validate_json(json.dumps(said))
    return replace(of, monitor=made)


def predicting(threshold: dict[str, float]) -> Trial:
    """The good candidate, which says yes from another probability on, by site."""
    p, sites = GOOD.answers.probabilities, GOOD.holdout.column("segment:site").to_pylist()
    assert p is not None
    said = ["yes" if share >= threshold[site] else "no" for share, site in zip(p[:, 1], sites, strict=True)]
    return replace(GOOD, answers=Answers(said, p))


def overconfident(power: float) -> Trial:
    """Production knows next to nothing; the candidate knows much, and believes that it knows more."""
    of = trial(production=6.0)
    odds = (of.answers.probabilities[:, 1] / of.answers.probabilities[:, 0]) ** power
    p = odds / (1 + odds)
    return replace(of, answers=Answers(of.answers.prediction, np.column_stack([1 - p, p])))


def cases(candidate: str, production: str | None) -> Trial:
    """One case, whose answer is yes."""
    to_cases = Answers([candidate], np.array([[0.5, 0.5]]))
    asked = None if production is None else Answers([production], None)
    return replace(under(GOOD, cases=[CASE]), to_cases=to_cases, incumbent_to_cases=asked)


ODDS, IMPACT = {"model": {"impact_ratio": None}}, {"model": {"odds_difference": None}}
BREAKS: dict[str, tuple[str, str | None, Callable[[], Trial], Callable[[], Trial]]] = {
    # what: rule, metric or group, one that breaks it, one that nearly does
    "no better": ("primary", "log_loss", lambda: trial(candidate=1.5), lambda: trial(candidate=1.0)),
    "not better by the margin": (
        "primary", "log_loss",
        lambda: under(GOOD, model={"margin": 0.5}), lambda: under(GOOD, model={"margin": 0.05}),
    ),
    "one of two figures no better": (
        "primary", "recall",
        lambda: under(predicting({"north": 0.8, "south": 0.8}), model={"primary": ["log_loss", "recall"]}),
        lambda: under(GOOD, model={"primary": ["log_loss", "accuracy"]}),
    ),
    "a guard": (
        "guard", "recall",
        lambda: under(predicting({"north": 0.8, "south": 0.8}), model={"guards": {"recall": 0.01}}),
        lambda: under(predicting({"north": 0.8, "south": 0.8}), model={"guards": {"recall": 0.9}}),
    ),
    "a case that production had right": (
        "regression_cases", None, lambda: cases("no", "yes"), lambda: cases("no", "no"),
    ),
    "a case, production not being at hand": (
        "regression_cases", None, lambda: cases("no", None), lambda: cases("yes", None),
    ),
    "the four-fifths rule": (
        "impact_ratio", "site=south",
        lambda: under(predicting({"north": 0.5, "south": 0.7}), **IMPACT),
        lambda: under(predicting({"north": 0.5, "south": 0.52}), **IMPACT),
    ),
    "equal odds": (
        "odds_difference", "site=south",
        lambda: under(predicting({"north": 0.5, "south": 0.75}), **ODDS),
        lambda: under(predicting({"north": 0.5, "south": 0.55}), **ODDS),
    ),
    "calibration": ("calibration_error", None, lambda: overconfident(2.0), lambda: overconfident(1.2)),
    "a latency": (
        "latency_p99_ms", None,
        lambda: replace(GOOD, latency_p99_ms=50.01), lambda: replace(GOOD, latency_p99_ms=50.0),
    ),
    "a latency nobody measured": (
        "latency_p99_ms", None, lambda: replace(GOOD, latency_p99_ms=None), lambda: GOOD,
    ),
    "a size": (
        "size_bytes", None,
        lambda: replace(GOOD, size_bytes=500_000_001), lambda: replace(GOOD, size_bytes=500_000_000),
    ),
}  # fmt: skip


def test_a_better_candidate_passes_every_rule_and_each_of_them_was_asked() -> None:
    results = judge_model(cases("yes", "yes"))
    assert failures(results) == []
    assert [(result.rule, result.feature) for result in results] == [
        ("own_rows", None),
        ("primary", "log_loss"),
        ("regression_cases", None),
        ("impact_ratio", "site=south"),
        ("odds_difference", "site=south"),
        ("calibration_error", None),
        ("latency_p99_ms", None),
        ("size_bytes", None),
    ]
    assert {result.gate for result in results} == {"model"}
    assert summary(results) == "model gate: 8 rules passed"


@pytest.mark.parametrize("what", BREAKS)
def test_one_promise_broken_fails_by_that_rule_alone(what: str) -> None:
    rule, subject, make, _ = BREAKS[what]
    results = judge_model(make())
    assert failures(results) == [(rule, subject)]
    assert summary(results).startswith("model gate: ")


@pytest.mark.parametrize("what", BREAKS)
def test_a_promise_nearly_broken_is_kept(what: str) -> None:
    *_, make = BREAKS[what]
    assert failures(judge_model(make())) == []


@pytest.mark.parametrize(("task", "primary"), [("multiclass", "log_loss"), ("regression", "mae")])
def test_other_tasks_are_judged_alike(task: Task, primary: str) -> None:
    better = trial(task, candidate=0.3)
    assert failures(judge_model(better)) == []
    assert failures(judge_model(trial(task, candidate=1.5))) == [("primary", primary)]
    assert failures(judge_model(replace(better, size_bytes=10**9))) == [("size_bytes", None)]


def test_a_regression_s_cases_are_right_within_the_tolerance() -> None:
    of = trial("regression", rules={"cases": [{"features": {}, "label": 10}], "model": {"tolerance": 0.5}})
    for answer, told in ((10.5, []), (10.6, [("regression_cases", None)])):
        assert failures(judge_model(replace(of, to_cases=Answers(np.array([answer]), None)))) == told


def test_a_case_s_label_is_a_class_however_it_is_written() -> None:
    """Classes 0 and 1: a case may say 1, 1.0, or "true"."""
    world = World(n=400)
    table = world.table(Answers(world.codes.astype(float), None))
    layout = type(GOOD.layout)("binary", ("0", "1"))
    of = replace(GOOD, layout=layout, holdout=replaced(table, "label", list(map(str, world.codes))))
    of = replace(of, answers=Answers(list(map(str, world.codes)), None))
    for label in (1, 1.0, "1", "true"):
        judged = replace(under(of, cases=[CASE | {"label": label}]), to_cases=Answers(["1"], None))
        assert ("regression_cases", None) not in failures(judge_model(judged))


def test_what_other_versions_answered_says_nothing_of_production() -> None:
    """Rows of v0, which was always wrong, are left out: else any candidate would look better than production."""
    twin = trial(candidate=1.5)
    labels = twin.holdout.column("label").to_pylist()
    wrong = ["no" if label == "yes" else "yes" for label in labels]
    rows = np.arange(len(labels)) < 600
    mixed = replaced(twin.holdout, "version", np.where(rows, "v0", "v1").tolist())
    mixed = replaced(mixed, "prediction", np.where(rows, wrong, mixed.column("prediction").to_pylist()).tolist())
    score = mixed.column("score").to_numpy()
    mixed = replaced(mixed, "score", np.where(rows, np.where(np.array(labels) == "yes", 0.001, 0.999), score))
    results = judge_model(replace(twin, holdout=mixed))
    assert failures(results) == [("primary", "log_loss")]
    assert results[0].value == len(labels) - 600
    assert "1,400 of 2,000 rows" in results[0].detail


def test_too_few_rows_of_production_s_own_fail_by_name() -> None:
    version = ["v1"] * 29 + ["v2"] * 1_971
    results = judge_model(replace(GOOD, holdout=replaced(GOOD.holdout, "version", version)))
    assert failures(results) == [
        ("own_rows", None),
        ("primary", "log_loss"),
        ("impact_ratio", "site=south"),
        ("odds_difference", "site=south"),
        ("calibration_error", None),
    ]
    assert "29 of 2,000 rows of the holdout were answered by 'v1' itself" in summary(results)
    nothing = judge_model(replace(GOOD, incumbent="v9"))
    assert [rule for rule, _ in failures(nothing)] == ["own_rows", "fairness", "primary", "calibration_error"]


def spoilt(row: int, *p: float) -> np.ndarray:
    assert GOOD.answers.probabilities is not None
    spoilt = GOOD.answers.probabilities.copy()
    spoilt[row] = p
    return spoilt


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (Answers(GOOD.answers.prediction[1:], None), "gave 1999 answers to 2000 rows"),
        (Answers(GOOD.answers.prediction, spoilt(3, np.nan, np.nan)), "to 1 of 2000 rows"),
        (Answers(GOOD.answers.prediction, spoilt(3, 0.6, 0.6)), "to 1 of 2000 rows"),
        (Answers(GOOD.answers.prediction, spoilt(3, -0.2, 1.2)), "to 1 of 2000 rows"),
        (Answers(GOOD.answers.prediction, spoilt(3, 0.5, 0.5)[:, :1]), "gave probabilities (2000, 1)"),
    ],
)
def test_a_candidate_cannot_choose_the_rows_it_is_judged_by(answers: Answers, told: str) -> None:
    results = judge_model(replace(GOOD, answers=answers))
    assert failures(results) == [("answers", None)]
    assert told in results[0].detail


def test_a_regression_needs_a_number_for_every_row() -> None:
    of = trial("regression")
    numbers = np.array(of.answers.prediction)
    numbers[7] = np.inf
    results = judge_model(replace(of, answers=Answers(numbers, None)))
    assert failures(results) == [("answers", None)]
    assert "no finite number to 1 of 2000 rows" in results[0].detail


def test_cases_that_were_not_answered_are_told() -> None:
    results = judge_model(under(GOOD, cases=[CASE]))
    assert failures(results) == [("answers", None)]
    assert "0 answers to 1 cases" in results[0].detail


def test_rounding_of_single_precision_is_no_flaw() -> None:
    assert (
        failures(judge_model(replace(GOOD, answers=Answers(GOOD.answers.prediction, spoilt(3, -1e-6, 1.000001))))) == []
    )


def bare(of: Answers) -> Answers:
    return Answers(of.prediction, None)


def test_without_probabilities_accuracy_decides_and_calibration_is_not_judged() -> None:
    world = World(n=4_000)
    of = replace(GOOD, holdout=world.table(bare(world.answers(1.5))), answers=bare(world.answers(0.3)))
    results = judge_model(of)
    assert failures(results) == []
    by_rule = {result.rule: result for result in results}
    assert by_rule["primary"].feature == "accuracy"
    assert by_rule["calibration_error"].value is None
    assert "neither model gives probabilities" in by_rule["calibration_error"].detail


def test_a_candidate_that_gives_up_probabilities_is_not_known_to_be_calibrated() -> None:
    assert ("calibration_error", None) in failures(judge_model(replace(GOOD, answers=bare(GOOD.answers))))


def test_figures_that_the_task_does_not_have_fail_by_name() -> None:
    results = judge_model(under(GOOD, model={"primary": ["log_loss", "mae"], "guards": {"rmse": 1.0}}))
    assert failures(results) == [("primary", "mae"), ("guard", "rmse")]
    assert "a binary model has no such figure" in summary(results)


def test_an_attribute_that_no_row_has_and_a_class_nobody_can_get_are_no_evidence_of_fairness() -> None:
    unknown = {"fairness": {"protected": [{"name": "age_group"}]}}
    assert failures(judge_model(under(GOOD, unknown))) == [("fairness", "age_group")]
    unheard = {"fairness": {"protected": [{"name": "site"}], "favourable": "maybe"}}
    assert failures(judge_model(under(GOOD, unheard))) == [("fairness", "site")]
    one = replaced(GOOD.holdout, "segment:site", ["north"] * 2_000)
    assert failures(judge_model(replace(GOOD, holdout=one))) == [("fairness", "site")]


def test_rows_without_a_group_are_in_none() -> None:
    sites = [None if i % 3 == 0 else site for i, site in enumerate(GOOD.holdout.column("segment:site").to_pylist())]
    assert failures(judge_model(replace(GOOD, holdout=replaced(GOOD.holdout, "segment:site", pa.array(sites))))) == []


def test_a_monitor_can_name_every_figure_that_models_are_compared_by_and_no_other() -> None:
    assert set(get_args(PairedMetric)) == {metric for task in CLASSES for metric in metrics(task)}
