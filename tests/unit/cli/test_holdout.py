"""Metrics against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics

from driftline import holdout


def test_auc_equals_scikit_learns_with_ties() -> None:
    rng = np.random.default_rng(3)
    score = rng.integers(0, 20, 500) / 20
    positive = rng.random(500) < score
    assert holdout.auc(positive, score) == pytest.approx(metrics.roc_auc_score(positive, score), abs=1e-12)


def test_classification_leaves_out_rows_without_label_and_finds_the_positive_class() -> None:
    rng = np.random.default_rng(5)
    score = rng.random(300)
    truth = np.where(rng.random(300) < score, "bad", "good")
    label = [None if i % 10 == 0 else str(value) for i, value in enumerate(truth)]
    answer = [str(value) for value in np.where(score > 0.5, "bad", "good")]
    known = np.array([value is not None for value in label])
    found = holdout.classification(label, answer, score)
    positive = truth[known] == "bad"
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth[known], np.array(answer)[known]))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(positive, score[known]))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(positive, score[known]))
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(positive, score[known]))
    assert found["positive_rate"] == pytest.approx(positive.mean())


def test_more_than_two_classes_have_accuracy_alone() -> None:
    assert holdout.classification(["a", "b", "c", "a"], ["a", "b", "a", "a"], np.array([0.1, 0.2, 0.3, 0.4])) == {
        "accuracy": 0.75
    }


def test_no_labelled_row_means_no_metrics() -> None:
    assert holdout.regression(np.array([np.nan]), np.array([1.0])) == {}
    assert holdout.classification([None, None], ["a", "b"], np.array([0.1, 0.2])) == {}
