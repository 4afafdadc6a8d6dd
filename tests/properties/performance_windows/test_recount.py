"""The recount that windows are held against, held against scikit-learn, one window at a time."""

import random

import pytest
from sklearn import metrics

from tests.performance_stream import HOUR_MS
from tests.properties.performance_windows.recount import CLASSES, joined, recount
from tests.properties.performance_windows.stream import MONITORS, shuffled


def test_figures_of_the_recount_are_scikit_learn_s() -> None:
    written = shuffled(random.Random(9), 400, 6 * HOUR_MS)
    predictions, labels = ([one.event for one in written if one.topic == topic] for topic in ("predictions", "labels"))
    found = joined(predictions, labels, MONITORS)
    told = found.rows[(found.rows["model"] == "binary") & found.rows["label"].notna()]
    compared = 0
    for (model, by, version, segment, size_ms, start_ms), figures in recount(found, MONITORS).items():
        if (model, by, segment, size_ms) != ("binary", "prediction_time", "", 6 * HOUR_MS) or figures["labelled"] < 50:
            continue
        own = told[(told["version"] == version) & told["time_ms"].between(start_ms, start_ms + size_ms - 1)]
        truth, answer = own["label"] == CLASSES[1], own["prediction"] == CLASSES[1]
        known = own["label"].isin(CLASSES)
        expected = {
            "accuracy": metrics.accuracy_score(own["label"], own["prediction"]),
            "precision": metrics.precision_score(truth, answer),
            "recall": metrics.recall_score(truth, answer),
            "auc": metrics.roc_auc_score(truth[known], own["score"][known]),
        }
        assert {name: figures[name] for name in expected} == pytest.approx(expected)
        compared += 1
    assert compared >= 4
