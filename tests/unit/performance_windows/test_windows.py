"""Windows of outcomes: figures, revisions, estimates, concept change, fairness, the detector's steps."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from schemas.monitor import Monitor
from schemas.performance import ConceptDetector, Fairness, Performance, Protected
from schemas.performance_window import PerformanceWindow
from tests.unit.performance_windows.cohorts import HOUR_MS, T0, Answers, Tier, answers, reference


def tier(**performance: object) -> Tier:
    """A tier that publishes every change."""
    return Tier(Monitor(model="m", performance=Performance.model_validate({"early": 1, **performance})))


def only(windows: list[PerformanceWindow], first: int = 0) -> PerformanceWindow:
    """The window of the day that begins so many hours after T0."""
    (found,) = (window for window in windows if window.start_ms == T0 + first * HOUR_MS)
    return found


def test_figures_of_a_day_are_scikit_learn_s() -> None:
    made = answers(3, 3_000)
    made_tier = tier()
    made_tier.take(made)
    window = only(made_tier.newest("prediction_time", 24))
    predicted = made.score >= 0.5
    expected = {
        "accuracy": metrics.accuracy_score(made.label, predicted),
        "precision": metrics.precision_score(made.label, predicted),
        "recall": metrics.recall_score(made.label, predicted),
        "f1": metrics.f1_score(made.label, predicted),
        "f1_weighted": metrics.f1_score(made.label, predicted, average="weighted"),
        "log_loss": metrics.log_loss(made.label, made.score),
        "brier": metrics.brier_score_loss(made.label, made.score),
    }
    for name, value in expected.items():
        assert window.figures[name].value == pytest.approx(value, abs=1e-6), name
    auc = window.figures["auc"]
    assert auc.value == pytest.approx(metrics.roc_auc_score(made.label, made.score), abs=auc.resolution)
    assert (window.made, window.labelled) == (3_000, 3_000)
    assert window.confusion[1][1] == int((predicted & (made.label == 1)).sum())
    assert window.label_delay_p50_s == pytest.approx(float(np.median(made.delay_ms)) / 1_000, rel=0.02)


def test_a_cohort_matures_as_its_labels_come() -> None:
    made_tier, made = tier(), answers(4, 2_000)
    made_tier.take(made, labels=False)
    made_tier.take(answers(5, 500, first=30), labels=False)
    before = only(made_tier.newest("prediction_time", 24))
    assert before.final
    assert (before.made, before.labelled) == (2_000, 0)
    assert before.figures["accuracy"].why_not == "too few labels: 0 of 30"
    assert before.figures["coverage"].value == 0
    early = Answers(*(part[:700] for part in (made.time_ms, made.score, made.label, made.delay_ms, made.group)))
    made_tier.take(early, made=False)
    after = only(made_tier.newest("prediction_time", 24))
    assert after.correction
    assert after.revision > before.revision
    assert after.labelled == 700
    assert after.figures["coverage"].value == pytest.approx(0.35)


def test_what_is_expected_before_labels_is_tested_once_they_come() -> None:
    made_tier, made = tier(), answers(6, 5_000)
    made_tier.take(made, labels=False)
    estimate = only(made_tier.newest("prediction_time", 24)).estimate
    assert estimate is not None
    assert estimate.reliable
    assert estimate.backtest == {}
    expected = estimate.figures["accuracy"]
    made_tier.take(made, made=False)
    window = only(made_tier.newest("prediction_time", 24))
    truth = float(np.mean((made.score >= 0.5) == made.label))
    assert expected.low is not None
    assert expected.high is not None
    assert expected.low < truth < expected.high
    assert window.estimate is not None
    back = window.estimate.backtest["accuracy"].value
    assert back is not None
    assert window.estimate.error["accuracy"] == pytest.approx(back - truth, abs=1e-9)


def test_worse_answers_to_like_inputs_make_the_estimate_unreliable_and_name_the_segment() -> None:
    made = answers(7, 6_000, first=24)
    worse = (made.group == 1) & (np.random.default_rng(1).random(6_000) < 0.3)
    made_tier = tier()
    made_tier.take(replace(made, label=np.where(worse, 1 - made.label, made.label)))
    window = only(made_tier.newest("prediction_time", 24), first=24)
    assert window.concept is not None
    assert window.concept.by_concept.low is not None
    assert window.concept.by_concept.low > 0.03
    assert abs(window.concept.by_inputs) < 0.02
    assert window.concept.worst_segment == "sex=1"
    assert window.concept.worst_segment_share == pytest.approx(1, abs=0.1)
    assert window.estimate is not None
    assert not window.estimate.reliable


def test_the_detector_steps_once_a_pane_and_finds_when_answers_got_worse() -> None:
    made_tier = tier()
    for day in range(4):
        made_tier.take(answers(20 + day, 6_000, first=24 * day, flip=0.2 if day == 3 else 0.0, delay_h=0.5))
    panes = [w for w in made_tier.windows if w.detection is not None]
    assert {(w.by, w.size_ms, w.segment, w.final, w.correction) for w in panes} == {
        ("label_time", HOUR_MS, "", True, False)
    }
    assert [w.start_ms for w in panes] == sorted({w.start_ms for w in panes})
    assert [w.detection.panes for w in panes if w.detection] == list(range(1, len(panes) + 1))
    found = [finding for w in panes if w.detection for finding in w.detection.findings]
    assert {finding.what for finding in found} >= {"errors", "concept"}
    assert min(finding.onset_ms for finding in found) >= T0 + 71 * HOUR_MS
    assert min(w.end_ms for w in panes if w.detection and w.detection.findings) <= T0 + 76 * HOUR_MS


def test_without_labelled_reference_figures_are_given_and_nothing_is_compared() -> None:
    plain = reference().model_copy(update={"outcomes": None})
    monitor = Monitor(model="m", classes=("no", "yes"), performance=Performance(early=1))
    made_tier = Tier(monitor, {"m/1": plain})
    made_tier.take(answers(8, 500))
    window = only(made_tier.newest("prediction_time", 24))
    assert window.figures["accuracy"].value is not None
    assert (window.reference, window.gap, window.estimate, window.concept, window.watching) == (
        {},
        {},
        None,
        None,
        "off",
    )


def test_cells_that_nobody_can_read_any_more_are_counted_all_the_same() -> None:
    made_tier = Tier(Monitor(model="m", performance=Performance(early=1)), {})
    made_tier.take(answers(9, 200))
    window = only(made_tier.newest("prediction_time", 24))
    assert (window.task, window.labelled, window.figures) == (None, 200, {})


def test_fairness_is_judged_once_where_a_group_is_surely_selected_less() -> None:
    made = answers(10, 8_000)
    lower = replace(made, score=np.where(made.group == 0, made.score * 0.5, made.score))
    made_tier = tier(fairness=Fairness(protected=(Protected(name="sex", against="1"),)))
    made_tier.take(lower)
    made_tier.take(answers(11, 200, first=48))
    day = only(made_tier.newest("label_time", 24))
    (attribute,) = day.fairness
    assert attribute.against == "1"
    assert attribute.level > 0.99
    (apart,) = attribute.disparities
    assert apart.group == "0"
    assert apart.impact_ratio.value == pytest.approx(
        (lower.score >= 0.5)[lower.group == 0].mean() / (lower.score >= 0.5)[lower.group == 1].mean(), rel=0.15
    )
    assert "impact_ratio" in apart.unfair
    (cohort,) = only(made_tier.newest("prediction_time", 24)).fairness
    assert cohort.disparities[0].unfair == ()


def test_a_detector_that_is_off_and_groups_that_nobody_asked_for_are_not_there() -> None:
    made_tier = tier(detector=ConceptDetector(rule="off"))
    made_tier.take(answers(12, 1_000, flip=0.3))
    made_tier.take(answers(13, 100, first=48))
    assert not [w for w in made_tier.windows if w.detection is not None or w.watching != "off" or w.fairness]
