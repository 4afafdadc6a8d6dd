"""The trainer that comes along learns, says what it did, and refuses what it cannot use."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest

from runtime.errors import OperatorError
from runtime.training.protocol import Answers, Assignment, Candidate, Rows
from services.retraining.trainers.scikit_learn import ScikitLearn
from tests.unit.retraining_training.rows import CLASSES, TaskKind, assignment, features_of, rows_of, table_of, task_of

TRAINER = ScikitLearn()
HELD_OUT = {kind: rows_of(table_of(kind, 1_000, seed=3)) for kind in CLASSES}


def silent(line: str) -> None:
    assert line


def train(given: Assignment, say: Callable[[str], None] = silent) -> dict[str, Candidate]:
    return {candidate.name: candidate for candidate in TRAINER.train(given, say)}


def answers(candidate: Candidate, kind: TaskKind, features: pa.Table | None = None) -> Answers:
    asked = HELD_OUT[kind].features if features is None else features
    return TRAINER.load(candidate.artifact, task_of(kind)).answer(asked)


@pytest.fixture(scope="module")
def trained() -> dict[str, dict[str, Candidate]]:
    return {kind: train(assignment(kind)) for kind in CLASSES}


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
@pytest.mark.parametrize("family", ["linear", "boosting"])
def test_a_classifier_is_better_than_the_shares_of_the_classes(
    trained: dict[str, dict[str, Candidate]], kind: TaskKind, family: str
) -> None:
    told, classes = answers(trained[kind][family], kind), list(CLASSES[kind])
    truth = np.array([classes.index(label) for label in HELD_OUT[kind].label])
    shares = np.bincount(truth) / len(truth)
    assert told.probabilities is not None
    assert np.mean([classes.index(label) for label in told.prediction] == truth) > shares.max() + 0.1
    log_loss = -np.log(told.probabilities[np.arange(len(truth)), truth]).mean()
    assert log_loss < 0.85 * -(shares * np.log(shares)).sum()


@pytest.mark.parametrize("family", ["linear", "boosting"])
def test_a_regression_is_better_than_the_mean(trained: dict[str, dict[str, Candidate]], family: str) -> None:
    truth, told = np.asarray(HELD_OUT["regression"].label), answers(trained["regression"][family], "regression")
    assert np.mean((np.asarray(told.prediction) - truth) ** 2) < 0.75 * truth.var()
    assert told.probabilities is None


@pytest.mark.parametrize("kind", CLASSES)
def test_features_that_matter_are_told_from_one_that_does_not(
    trained: dict[str, dict[str, Candidate]], kind: TaskKind
) -> None:
    for candidate in trained[kind].values():
        assert sum(candidate.importance.values()) == pytest.approx(1)
        assert candidate.importance["ticket"] < 0.1 < candidate.importance["age"]


def test_probabilities_are_those_of_what_happens(trained: dict[str, dict[str, Candidate]]) -> None:
    bad = np.array([label == "bad" for label in HELD_OUT["binary"].label])
    for name, stretches in (("linear", 1), ("boosting", 5)):
        told = answers(trained["binary"][name], "binary").probabilities
        assert told is not None
        for stretch in np.array_split(np.argsort(told[:, 1]), stretches):
            assert abs(told[stretch, 1].mean() - bad[stretch].mean()) < 0.1


def test_the_threshold_is_in_the_artifact(trained: dict[str, dict[str, Candidate]]) -> None:
    careful = train(assignment("binary", {"threshold": 0.2, "models": ["linear"]}))["linear"]
    told, usual = answers(careful, "binary"), answers(trained["binary"]["linear"], "binary")
    assert told.probabilities is not None
    assert list(told.prediction) == ["bad" if chance >= 0.2 else "good" for chance in told.probabilities[:, 1]]
    assert list(told.prediction) != list(usual.prediction)
    assert np.array_equal(told.probabilities, usual.probabilities)
    notes = {entry.key: entry.value for entry in onnx.load_from_string(careful.artifact).metadata_props}
    assert notes["driftline.threshold"] == "0.2"
    assert careful.parameters["threshold"] == 0.2


def test_inputs_are_the_features_by_name(trained: dict[str, dict[str, Candidate]]) -> None:
    graph = onnx.load_from_string(trained["multiclass"]["boosting"].artifact).graph
    assert [entry.name for entry in graph.input] == ["age", "income", "member", "city", "ticket"]
    assert [entry.name for entry in graph.output] == ["output_label", "output_probability"]


def test_what_was_never_seen_is_answered(trained: dict[str, dict[str, Candidate]]) -> None:
    strange = pa.table(
        {
            "age": pa.array([None, 1e300, float("inf"), float("nan")], pa.float64()),
            "income": pa.array([None, -1e300, float("-inf"), 0.0], pa.float64()),
            "member": pa.array([None, True, False, None], pa.bool_()),
            "city": pa.array([None, "Paris", "", "Bern"], pa.string()),
            "ticket": pa.array([None, "ü€", "", "t1"], pa.string()),
        }
    )
    for kind in CLASSES:
        for candidate in trained[kind].values():
            told = answers(candidate, kind, strange)
            assert len(told.prediction) == 4
            if kind == "regression":
                assert np.isfinite(np.asarray(told.prediction)).all()
            else:
                assert np.isfinite(told.probabilities).all()


def test_no_rows_are_answered_by_no_answers(trained: dict[str, dict[str, Candidate]]) -> None:
    told = answers(trained["multiclass"]["boosting"], "multiclass", HELD_OUT["multiclass"].features.slice(0, 0))
    assert told.probabilities is not None
    assert (len(told.prediction), told.probabilities.shape) == (0, (0, 3))


def test_names_of_features_may_be_anything_but_the_artifact_s_own() -> None:
    given = assignment("binary", {"search": 1}, n=300)
    names = ["an age, in years", "#1", "label", "probabilities", "ü"]
    rows = [
        Rows(part.features.rename_columns(names), part.label, part.time_ms)
        for part in (given.training, given.validation)
    ]
    kinds = dict(zip(names, given.task.features.values(), strict=True))
    task = replace(given.task, features=kinds)
    for candidate in train(replace(given, task=task, training=rows[0], validation=rows[1])).values():
        assert len(TRAINER.load(candidate.artifact, task).answer(rows[1].features).prediction) == 100
    task = replace(task, features={"output_label" if name == "label" else name: kind for name, kind in kinds.items()})
    own = [Rows(part.features.rename_columns(list(task.features)), part.label, part.time_ms) for part in rows]
    with pytest.raises(OperatorError, match="output_label"):
        train(replace(given, task=task, training=own[0], validation=own[1]))


def without_figs(rows: Rows) -> Rows:
    kept = np.array([label != "fig" for label in rows.label])
    label = [label for label in rows.label if label != "fig"]
    return Rows(rows.features.filter(pa.array(kept)), label, rows.time_ms[kept])


def test_a_class_that_training_lacks_is_all_but_ruled_out() -> None:
    given = assignment("multiclass", {"search": 1}, n=600)
    training, validation = without_figs(given.training), without_figs(given.validation)
    for candidate in train(replace(given, training=training, validation=validation)).values():
        told = answers(candidate, "multiclass")
        assert told.probabilities is not None
        assert set(told.prediction) == {"apple", "pear"}
        assert told.probabilities[:, 1].max() < 1e-6


def test_a_class_that_only_validation_rows_have_gets_its_share() -> None:
    given = assignment("multiclass", {"search": 1}, n=600)
    for candidate in train(replace(given, training=without_figs(given.training))).values():
        told = answers(candidate, "multiclass")
        assert told.probabilities is not None
        assert 0.1 < told.probabilities[:, 1].mean() < 0.5


def test_where_nothing_can_be_told_apart_all_get_one_answer() -> None:
    """Trees of a single leaf, and a label without any spread."""
    few, given = (
        rows_of(table_of("binary", 24, seed=1)),
        assignment("binary", {"search": 1, "models": ["boosting"]}, n=60),
    )
    told = answers(train(replace(given, training=few))["boosting"], "binary").probabilities
    assert told is not None
    assert np.ptp(told[:, 1]) == 0
    given = assignment("regression", {"search": 1}, n=60)
    alike = replace(given, training=replace(given.training, label=np.full(60, 7.0)))
    for candidate in train(alike).values():
        assert np.allclose(answers(candidate, "regression").prediction, 7.0)


def test_absolute_errors_are_kept_small_where_that_is_asked() -> None:
    given = assignment("regression", {"loss": "absolute", "models": ["boosting"]})
    truth = np.asarray(given.training.label).copy()
    truth[::10] += 100_000  # a tenth is far off: the median does not mind
    wild = replace(given, training=replace(given.training, label=truth))
    told = np.asarray(answers(train(wild)["boosting"], "regression").prediction)
    assert np.median(np.abs(told - np.asarray(HELD_OUT["regression"].label))) < 150


def test_a_search_says_what_it_tries_and_takes_the_best() -> None:
    lines: list[str] = []
    (candidate,) = train(assignment("binary", {"search": 3, "models": ["linear"]}), lines.append).values()
    tried = [line for line in lines if line.startswith("linear: setting")]
    assert len(tried) == 3
    best = min(tried, key=lambda line: float(line.split("loss ")[1].split()[0]))
    assert f"'C': {candidate.parameters['C']}}}" in best


def test_the_seed_draws_the_settings_that_are_tried(trained: dict[str, dict[str, Candidate]]) -> None:
    again, other = (train(assignment("binary", {"models": ["boosting"]}, seed=seed))["boosting"] for seed in (0, 1))
    assert again.artifact == trained["binary"]["boosting"].artifact
    assert other.parameters != again.parameters


@pytest.mark.parametrize(
    ("kind", "parameters", "says"),
    [
        ("binary", {"serch": 3}, "serch: Extra inputs are not permitted"),
        ("binary", {"search": 0}, "search: Input should be greater than or equal to 1"),
        ("binary", {"search": "many"}, "search: Input should be a valid integer"),
        ("binary", {"models": ["forest"]}, "models.0: Input should be 'linear' or 'boosting'"),
        ("binary", {"models": ["linear", "linear"]}, "names a family twice"),
        ("binary", {"threshold": 1.0}, "threshold: Input should be less than 1"),
        ("multiclass", {"threshold": 0.3}, "'threshold' is for binary tasks; this one is multiclass"),
        ("binary", {"loss": "absolute"}, "'loss' is for regression tasks"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(kind: TaskKind, parameters: dict[str, Any], says: str) -> None:
    with pytest.raises(OperatorError, match=r"training\.parameters of the monitor") as refused:
        train(assignment(kind, parameters, n=60))
    assert says in refused.value.what


def test_rows_that_cannot_be_used_are_refused() -> None:
    given = assignment("binary", n=300)
    strange = replace(given, training=replace(given.training, label=["ugly"] * 300))
    alike = replace(given, training=replace(given.training, label=["good"] * 300))
    few = replace(given, validation=rows_of(table_of("binary", 10, seed=1)))
    featureless = replace(given, task=replace(given.task, features={}))
    for assigned, says in (
        (strange, "ugly"),
        (alike, "one label"),
        (few, "10 validation rows"),
        (featureless, "no features"),
    ):
        with pytest.raises(OperatorError, match=says):
            train(assigned)


def test_an_artifact_of_another_task_is_refused(trained: dict[str, dict[str, Candidate]]) -> None:
    artifact = trained["multiclass"]["linear"].artifact
    with pytest.raises(ValueError, match="another task"):
        TRAINER.load(artifact, replace(task_of("multiclass"), classes=("fig", "apple", "pear")))


def test_columns_of_numbers_or_of_categories_may_be_all_there_is() -> None:
    given = assignment("binary", {"search": 1}, n=300)
    for names in (["age"], ["city"], ["member"]):
        task = replace(given.task, features={name: given.task.features[name] for name in names})
        rows = [
            Rows(part.features.select(names), part.label, part.time_ms) for part in (given.training, given.validation)
        ]
        for candidate in train(replace(given, task=task, training=rows[0], validation=rows[1])).values():
            told = TRAINER.load(candidate.artifact, task).answer(features_of(table_of("binary", 9, 1)).select(names))
            assert len(told.prediction) == 9
