"""What a trainer gives back is refused where it could mislead."""

import numpy as np
import pytest

from runtime.training.protocol import Answers
from services.retraining.child.checks import Refused, check_answers, check_candidate
from tests.unit.retraining_training.misbehaving import candidate
from tests.unit.retraining_training.rows import TaskKind, task_of


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": "../secret"}, "letters, digits"),
        ({"name": ""}, "letters, digits"),
        ({"name": "first"}, "another candidate has its name"),
        ({"artifact": b""}, "artifact must be bytes"),
        ({"artifact": "text"}, "artifact must be bytes"),
        ({"media_type": ""}, "media type"),
        ({"importance": {"height": 1.0}}, "features that there are not"),
        ({"importance": {"age": float("nan")}}, "shares of the whole"),
        ({"importance": {"age": 2.0}}, "shares of the whole"),
        ({"parameters": {"depth": np.int64(3)}}, "no JSON"),
        ({"parameters": {"depth": float("inf")}}, "no JSON"),
    ],
)
def test_a_candidate_is_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says):
        check_candidate(candidate(**changed), task_of("binary"), {"first"})


def test_a_candidate_is_taken() -> None:
    check_candidate(candidate(importance={"age": 0.5}), task_of("binary"), {"first"})


GOOD = np.array([[0.25, 0.75], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("kind", "answers", "says"),
    [
        ("binary", Answers(["good"], None), "1 predictions for 2 rows"),
        ("binary", Answers(["good", "ugly"], None), "answers ugly"),
        ("binary", Answers(["good", "bad"], GOOD[:, :1]), "shape"),
        ("binary", Answers(["good", "bad"], GOOD * 2), "add up to 1"),
        ("binary", Answers(["good", "bad"], GOOD - [[0.5, -0.5]]), "0 to 1"),
        ("binary", Answers(["good", "bad"], GOOD * float("nan")), "0 to 1"),
        ("regression", Answers(np.array([1.0, float("nan")]), None), "finite"),
    ],
)
def test_answers_are_refused(kind: TaskKind, answers: Answers, says: str) -> None:
    with pytest.raises(Refused, match=f"of it cannot be taken.*{says}"):
        check_answers(answers, task_of(kind), 2, "it")


@pytest.mark.parametrize(
    ("kind", "answers"),
    [("binary", Answers(["good", "bad"], GOOD)), ("binary", Answers(["bad", "bad"], None)),
     ("regression", Answers(np.array([1.0, -2.0]), None))],
)  # fmt: skip
def test_answers_are_taken(kind: TaskKind, answers: Answers) -> None:
    check_answers(answers, task_of(kind), 2, "it")
