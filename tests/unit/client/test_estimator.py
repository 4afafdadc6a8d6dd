"""scikit-learn estimators, wrapped."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from driftline.client import LoggedEstimator
from runtime.decode.decoder import Decoder
from tests.unit.client.recording import Kept, recording
from tests.unit.decode.events import NOW_MS

X = np.random.default_rng(1).normal(size=(60, 2))
Y = np.where(X[:, 0] > 0, "leave", "stay")


def groups(kept: Kept) -> list[Any]:
    return Decoder(lambda *_: None).decode(kept.records, NOW_MS).groups


def names(group: Any) -> set[str]:
    return {column.name for column in group.discovered if column.role == "feature"}


@pytest.mark.parametrize("rows", [1, 60])
def test_probabilities_and_the_score_of_the_second_class_are_logged(rows: int) -> None:
    model = LogisticRegression().fit(X, Y)
    with recording() as (client, kept):
        watched = LoggedEstimator(model, client, names=["age", "income"])
        chances = watched.predict_proba(X[:rows], prediction_id=[f"p-{row}" for row in range(rows)])
        assert client.totals.dropped == {}
    np.testing.assert_array_equal(chances, model.predict_proba(X[:rows]))
    (group,) = groups(kept)
    assert group.score.tolist() == chances[:, 1].tolist()
    assert names(group) == {"age", "income"}
    assert watched.classes_.tolist() == ["leave", "stay"]


def test_a_regression_on_a_data_frame_takes_the_frame_s_names() -> None:
    frame = pd.DataFrame(X, columns=["age", "income"])
    model = LinearRegression().fit(frame, X[:, 0])
    with recording() as (client, kept):
        answers = LoggedEstimator(model, client).predict(frame)
        LoggedEstimator(LinearRegression().fit(X, X[:, 0]), client).predict(X.tolist())
        assert client.totals.dropped == {}
    np.testing.assert_array_equal(answers, model.predict(frame))
    assert [names(group) for group in groups(kept)] in (
        [{"age", "income", "x0", "x1"}],
        [{"age", "income"}, {"x0", "x1"}],
    )


def test_answers_of_several_outputs_are_given_and_counted_as_dropped() -> None:
    model = LinearRegression().fit(X, X)
    with recording() as (client, kept):
        assert LoggedEstimator(model, client).predict(X).shape == (60, 2)
        assert client.totals.dropped == {"SCHEMA": 60}
    assert kept.records == []
