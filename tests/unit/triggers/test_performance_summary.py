"""A performance alert's sentence says what, how much, how sure, of how many labels, against what, and when."""

from typing import Any, get_args

import pytest

from schemas.monitor import Monitor
from schemas.performance import Performance, PerformanceMetric, PerformanceThreshold
from schemas.performance_window import Figure
from services.triggers.performance_summary import WORDINGS
from tests.unit.triggers.labelled import figure, window

OVER = "over 2013-07-01 00:00 – 2013-07-02 00:00 UTC"
COUNTS = "1,240 labels, 93 % of predictions"


def _monitor(**rule: Any) -> Monitor:
    asked = PerformanceThreshold(**{"name": "r", "metric": "accuracy", "segments": True} | rule)
    return Monitor(model="flights", performance=Performance(thresholds=(asked,)))


def test_every_metric_has_a_wording() -> None:
    assert set(WORDINGS) == set(get_args(PerformanceMetric))


@pytest.mark.parametrize(
    ("rule", "changes", "sentence"),
    [
        (
            {"drop": 0.05},
            {"accuracy": 0.71},
            (
                f"Accuracy of flights v1 is 0.71 (0.69 to 0.73, {COUNTS}) against 0.79 in the baseline, worse by 0.08 "
                f"(bound 0.05) {OVER}."
            ),
        ),
        (
            {"drop": 0.05, "page": 0.1},
            {"accuracy": 0.61, "segment": "origin=EWR"},
            (
                f"Accuracy of flights v1 in origin=EWR is 0.61 (0.59 to 0.63, {COUNTS}) against 0.79 in the "
                f"baseline, worse "
                f"by 0.18 (bound 0.05, page 0.10) {OVER}."
            ),
        ),
        (
            {"below": 0.75},
            {"accuracy": 0.71},
            (
                f"Accuracy of flights v1 is 0.71 (0.69 to 0.73, {COUNTS}) against 0.79 in the baseline, below "
                f"the bound of "
                f"0.75 {OVER}."
            ),
        ),
        (
            {"below": 0.75, "page": 0.7, "by": "label_time"},
            {"accuracy": 0.6, "by": "label_time", "made": 0, "labelled": 100, "reference": {}},
            (
                f"Accuracy of flights v1 is 0.60 (0.58 to 0.62, 100 labels), below the bound of 0.75 (page "
                f"0.70) {OVER} by "
                "label time."
            ),
        ),
        (
            {"metric": "log_loss", "above": 0.04},
            {"figures": {"log_loss": figure(0.06, 0.01)}},
            f"Log loss of flights v1 is 0.06 (0.05 to 0.07, {COUNTS}), above the bound of 0.04 {OVER}.",
        ),
        (
            {"metric": "mae", "drop": 2.0},
            {
                "figures": {"mae": figure(1_215.5, 1.5)},
                "reference": {"mae": figure(1_212.0)},
                "gap": {"mae": figure(3.5, 1.4)},
            },
            (
                f"Mean absolute error of flights v1 is 1,215.50 (1,214.00 to 1,217.00, {COUNTS}) against "
                f"1,212.00 in the "
                f"baseline, worse by 3.50 (bound 2.00) {OVER}."
            ),
        ),
        (
            {"metric": "coverage", "below": 0.5},
            {"figures": {"coverage": figure(0.41, 0.03)}, "labelled": 547, "made": 1_333},
            (
                f"Label coverage of flights v1 is 41 % (38 % to 44 %, 547 of 1,333 predictions), below the bound "
                f"of 50 % {OVER}."
            ),
        ),
        (
            {"metric": "label_delay_p95_s", "above": 3_600},
            {},
            f"Label delay (p95) of flights v1 is 5.9 h ({COUNTS}), above the bound of 1.0 h {OVER}.",
        ),
        (
            {"metric": "label_delay_p95_s", "above": 90, "min_labels": 1},
            {"label_delay_p95_s": 259_200.0, "labelled": 1, "made": 2},
            (
                f"Label delay (p95) of flights v1 is 3.0 d (1 label, 50 % of predictions), above the bound of 1.5 "
                f"min {OVER}."
            ),
        ),
        (
            {"metric": "mape", "above": 0.2},
            {"figures": {"mape": figure(0.32, 0.02)}},
            (
                f"Mean absolute percentage error of flights v1 is 32 % (30 % to 34 %, {COUNTS}), above the bound "
                f"of 20 % {OVER}."
            ),
        ),
    ],
)
def test_a_firing_alert_reads_as_one_sentence(rule: Any, changes: Any, sentence: str, history: Any) -> None:
    (alert,) = history.judge(window(**changes), _monitor(**rule))
    assert alert.summary == sentence


@pytest.mark.parametrize(
    ("rule", "accuracy", "phrase"),
    [
        (
            {"drop": 0.05},
            0.78,
            (
                f"is back within its bound: 0.78 (0.76 to 0.80, {COUNTS}) against 0.79 in the baseline, worse by "
                f"0.01 (bound 0.05)"
            ),
        ),
        (
            {"drop": 0.05},
            0.81,
            (
                f"is back within its bound: 0.81 (0.79 to 0.83, {COUNTS}) against 0.79 in the baseline, better by "
                f"0.02 (bound 0.05)"
            ),
        ),
        (
            {"drop": 0.05},
            0.73,
            (
                "is no longer surely beyond its bound: "
                f"0.73 (0.71 to 0.75, {COUNTS}) against 0.79 in the baseline, worse by 0.06 (bound 0.05)"
            ),
        ),
        (
            {"below": 0.75},
            0.78,
            (
                f"is back within its bound: 0.78 (0.76 to 0.80, {COUNTS}) against 0.79 in the baseline, above the "
                f"bound of 0.75"
            ),
        ),
    ],
)
def test_a_resolved_alert_says_whether_it_is_well_or_only_not_sure(
    rule: Any, accuracy: float, phrase: str, history: Any
) -> None:
    monitor = _monitor(**rule)
    history.judge(window(0, accuracy=0.65), monitor)
    (alert,) = history.judge(window(1, accuracy=accuracy), monitor)
    assert alert.summary == (
        f"Accuracy of flights v1 {phrase} over 2013-07-02 00:00 – 2013-07-03 00:00 UTC; "
        "it had been beyond since 2013-07-01 00:00 UTC."
    )


@pytest.mark.parametrize(
    ("rule", "last"),
    [({"drop": 0.05}, "worse by 0.14 (bound 0.05)"), ({"below": 0.75}, "0.65, below the bound of 0.75")],
)
def test_a_withdrawn_alert_says_why_and_what_was_last_known(rule: Any, last: str, make: Any, history: Any) -> None:
    history.judge(window(0, accuracy=0.65), _monitor(**rule))
    (alert,) = history.judge(make.window(1), Monitor(model="flights", performance=Performance(thresholds=())))
    assert alert.summary == (
        "Accuracy of flights v1: closed because the monitor changed or dropped its rule 'r'; "
        f"last {last} {OVER}, open since 2013-07-01 00:00 UTC."
    )


def test_a_value_never_reads_like_the_bound_it_passes(history: Any) -> None:
    close = Figure(value=0.7496, low=0.73, high=0.7498, n=1_240)
    (alert,) = history.judge(window(figures={"accuracy": close}), _monitor(below=0.75))
    assert "is 0.7496 (0.73 to 0.75, " in alert.summary
    assert "below the bound of 0.7500" in alert.summary
