"""Which classes labels and answers name, and which of two is the positive one."""

import numpy as np
import pytest

from driftline.errors import CommandError
from driftline.parts import Parts
from stats.performance.layout import MAX_CLASSES
from tests.labelled_rows import BINARY, NUMBERS, Columns, binary, built, counted


@pytest.mark.parametrize(
    ("labels", "answers", "classes", "accuracy"),
    [
        (["yes", "no"], ["yes", "no"], ("no", "yes"), 1),
        ([1, 0], [1.0, 0.0], ("0", "1"), 1),
        ([True, False], [1, 0], ("0", "1"), 1),
        ([1, 0], ["true", "false"], ("false", "true"), 1),
        (["1", "0"], [1, 0], ("0", "1"), 1),
        ([0.5, -1.0], [0.5, -1.0], ("-1", "0.5"), 1),
        ([1, 0], [1, 1], ("0", "1"), 0.5),
        ([1, 1], [1, 0], ("0", "1"), 0.5),
        (["yes", "no"], ["yes", "maybe"], ("no", "yes"), 0.5),
        (["a", "b", "c"], ["a", "b", "d"], ("a", "b", "c", "d"), 2 / 3),
    ],
)
def test_classes_are_named_as_answers_are(
    labels: list[object], answers: list[object], classes: tuple[str, ...], accuracy: float
) -> None:
    baseline = built({"y": labels * 20, "answer": answers * 20}, Parts(prediction="answer", label="y"))
    assert baseline.outcomes is not None
    assert baseline.outcomes.classes == classes
    assert baseline.metrics["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("labels", "answers", "task"),
    [
        (np.arange(51), np.arange(51), "regression"),
        (np.arange(50), np.arange(50), "multiclass"),
        (np.arange(5), np.arange(5) + 0.1, "regression"),
        (np.arange(5), np.zeros(5), "multiclass"),
    ],
)
def test_numbers_are_classes_where_they_are_few_and_answers_are_such(
    labels: np.ndarray, answers: np.ndarray, task: str
) -> None:
    baseline = built({"y": labels, "guess": answers}, NUMBERS)
    assert baseline.outcomes is not None
    assert baseline.outcomes.task == task


def test_numbers_said_to_be_categories_are_classes_however_many() -> None:
    rows = {"y": np.arange(100), "guess": np.arange(100)}
    baseline = built(rows, Parts(prediction="guess", label="y", categorical=frozenset({"guess"})))
    assert baseline.outcomes is not None
    assert len(baseline.outcomes.classes) == 100


def test_classes_beyond_the_most_that_are_counted_are_one_other() -> None:
    names = [f"c{k:03}" for k in range(MAX_CLASSES + 5)]
    rows = {"y": names + names[:MAX_CLASSES], "answer": names + names[:MAX_CLASSES]}
    baseline = built(rows, Parts(prediction="answer", label="y"))
    assert baseline.outcomes is not None
    assert baseline.outcomes.classes == tuple(names[:MAX_CLASSES])
    assert counted(baseline, "confusion")[-1, -1] == 5
    assert baseline.metrics["accuracy"] == pytest.approx(400 / 405)


def test_of_two_classes_one_column_of_probabilities_names_the_positive_and_gives_the_other() -> None:
    rows = binary(6)
    by_score = built(rows, BINARY)
    named = built(rows, Parts(prediction="answer", label="y", probabilities={"bad": "p"}))
    assert named.outcomes == by_score.outcomes
    rows["q"] = 1 - np.asarray(rows["p"])
    both = built(rows, Parts(prediction="answer", label="y", probabilities={"bad": "p", "good": "q"}))
    assert both.outcomes is not None
    assert both.outcomes.classes == ("bad", "good")
    assert both.metrics["auc"] == pytest.approx(by_score.metrics["auc"], abs=0.001)


@pytest.mark.parametrize(
    ("rows", "parts", "says"),
    [
        ({"y": ["no", "yes"] * 20, "answer": [0.1, 0.7] * 20}, BINARY, "lacks column 'p'"),
        (
            {"y": ["no", "yes"] * 20, "answer": [0, 2] * 20},
            Parts(prediction="answer", label="y"),
            "answers are '0', '2', labels 'no', 'yes'",
        ),
        ({"y": [0, 1] * 20, "answer": [0, 1] * 20, "p": [-3.5, 4.0] * 20}, BINARY, "holds -3.5, which is no prob"),
        (
            {"y": ["a", "b"] * 20, "answer": ["a", "b"] * 20, "p": [0.2, 0.3] * 20},
            Parts(prediction="answer", label="y", probabilities={"z": "p"}),
            "No label or answer is 'z'",
        ),
    ],
)
def test_columns_that_do_not_go_together_are_named(rows: Columns, parts: Parts, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        built(rows, parts)
