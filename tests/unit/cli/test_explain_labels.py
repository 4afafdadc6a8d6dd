"""`driftline explain` of alerts that labels led to: thresholds of figures, the concept detector, fairness."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from driftline.explain import Explanation
from schemas.alert import Alert, Evidence
from schemas.examples import examples
from schemas.monitor import Monitor
from schemas.performance import ConceptDetector, Fairness, Performance, PerformanceThreshold
from schemas.performance_window import ConceptFinding

DAY = 86_400_000
T0 = 1_357_084_800_000
FINDING = ConceptFinding(
    what="concept", severity="page", log_e=8.2, onset_ms=T0, n=410, effect=0.17, expected=0.21, now=0.38
)


def alert(metric: str = "accuracy", *, size_ms: int = DAY, **more: Any) -> Alert:
    evidence = Evidence(
        window_id="w", revision=3, start_ms=T0, end_ms=T0 + size_ms, metric=metric, value=0.712, bound=0.74, n=1_240,
        score={"coverage": 0.93},
    )  # fmt: skip
    fields: dict[str, Any] = {
        "alert_id": "ab12", "state": "firing", "revision": 0, "severity": "page", "rule": metric, "model": "flights",
        "version": "1", "segment": "", "feature": None, "summary": "It is worse.", "baseline_digest": None,
        "evidence": evidence, "first_seen_ms": T0, "last_seen_ms": T0,
    }  # fmt: skip
    return Alert(**{**fields, **more})


def explained(of: Alert, **performance: Any) -> Explanation:
    return Explanation(of, Monitor(model=of.model, performance=Performance(**performance)))


def words(explanation: Explanation) -> str:
    out = StringIO()
    Console(file=out, width=160, highlight=False).print(explanation.page())
    return " ".join(out.getvalue().split())


CONCEPT = alert("concept", size_ms=3_600_000, concept=FINDING, worst_class="late", worst_segment="origin=EWR")
UNFAIR = alert("impact_ratio", rule="fairness", attribute="carrier", group="B6")


def test_a_figure_beyond_its_threshold_is_explained_by_its_interval_and_leads_to_its_windows() -> None:
    below = PerformanceThreshold(name="accuracy", metric="accuracy", below=0.74)
    explanation = explained(alert(), thresholds=(below,))
    assert explanation.effect == "accuracy 0.712 against the bound 0.74, over 1,240 labels"
    assert "chance alone does that in at most one of 40 windows" in explanation.how_sure
    assert "driftline performance --model flights --version 1 --segment '' --size 1d --since 2013-01-02T00:00" in (
        explanation.next_step
    )
    assert "coverage 0.93" in words(explanation)


def test_a_drop_is_told_with_both_sides() -> None:
    score = {"auc": 0.61, "low": 0.6, "high": 0.62, "reference": 0.7, "labels": 1_240.0}
    fell = alert("auc")
    fell = fell.model_copy(
        update={"evidence": fell.evidence.model_copy(update={"value": 0.09, "bound": 0.05, "score": score})}
    )
    assert (
        explained(fell).effect
        == "AUC 0.610 against 0.700 in the baseline, worse by 0.090 (bound 0.05), over 1,240 labels"
    )


def test_what_is_back_within_its_bound_may_be_better_than_the_baseline() -> None:
    back = alert(state="resolved", resolved_ms=T0 + DAY)
    score = {"accuracy": 0.77, "reference": 0.74}
    evidence = back.evidence.model_copy(update={"value": -0.03, "bound": 0.05, "score": score})
    effect = explained(back.model_copy(update={"evidence": evidence})).effect
    assert effect == "accuracy 0.770 against 0.740 in the baseline, better by 0.030 (bound 0.05), over 1,240 labels"


def test_a_threshold_that_judges_the_figure_itself_or_is_gone_says_so() -> None:
    plain = PerformanceThreshold(name="accuracy", metric="accuracy", below=0.74, sure=False, by="label_time")
    explanation = explained(alert(), thresholds=(plain,))
    assert "not its interval: how often chance alone does that is not known" in explanation.how_sure
    assert "--by label-time" in explanation.next_step
    assert "the monitor does not have any more" in explained(alert(), thresholds=()).how_sure


@pytest.mark.parametrize(
    ("metric", "step"),
    [
        ("auc", "see which class is answered worse, and with another --segment where: driftline performance"),
        ("coverage", "ask who delivers the labels what changed at 2013-01-02 00:00 UTC"),
        ("label_delay_p95_s", "ask who delivers the labels"),
    ],
)
def test_the_next_step_fits_the_figure(metric: str, step: str) -> None:
    assert explained(alert(metric)).next_step.startswith(step)


def test_a_change_of_concept_says_what_where_since_when_and_how_sure() -> None:
    text = words(explained(CONCEPT))
    for part in (
        "effect rate of errors among like inputs 0.380 where 0.210 was expected (+0.170), over 410 labels",
        "evidence e^8.2 (about 3,600) against the bound e^0.7 (about 2.1). While nothing changes, the bound is passed",
        "at most once a month in this model, over all its streams",
        "where class late, segment origin=EWR (most responsible)",
        "since 2013-01-02 00:00 UTC",
        "find what changed in class late of segment origin=EWR at 2013-01-02 00:00 UTC",
        "--size 1h --by label-time",
    ):
        assert part in text
    assert "at most 0.5 times a month" in explained(CONCEPT, detector=ConceptDetector(budget=0.5)).how_sure


@pytest.mark.parametrize(
    ("what", "inputs_drift", "says"),
    [
        ("errors", True, "inputs drift too, or explain much of it"),
        ("errors", False, "inputs do not explain it"),
        ("concept", True, "inputs drift too, or explain much of it; like ones are compared"),
    ],
)
def test_whether_inputs_drift_too_is_a_fact_of_its_own(what: str, says: str, *, inputs_drift: bool) -> None:
    finding = FINDING.model_copy(update={"what": what})
    text = words(explained(CONCEPT.model_copy(update={"concept": finding, "inputs_drift": inputs_drift})))
    assert says in text


def test_inputs_that_drift_are_named() -> None:
    assert "also drift temp, wind" in words(explained(CONCEPT.model_copy(update={"also": ("temp", "wind")})))
    assert "also drift" not in words(explained(CONCEPT))


@pytest.mark.parametrize("what", ["outcomes_up", "outcomes_down"])
def test_outcomes_that_left_their_scores_ask_for_calibration(what: str) -> None:
    explanation = explained(CONCEPT.model_copy(update={"concept": FINDING.model_copy(update={"what": what})}))
    assert "the positive class among like scores" in explanation.effect
    assert explanation.next_step.startswith("calibrate the scores")


def test_an_unfair_group_is_named_with_its_limit_and_the_budget_of_verdicts() -> None:
    explanation = explained(UNFAIR, fairness=Fairness(budget=0.5))
    assert explanation.effect == "impact ratio 0.712 against the limit 0.74, over 1,240 of the group"
    assert "at a level that gives false verdicts at most 0.5 times a month in this model" in explanation.how_sure
    assert explanation.next_step.startswith("look at the answers to carrier B6 since 2013-01-02 00:00 UTC")
    assert "where carrier B6" in words(explanation)


def test_a_resolved_one_needs_nothing() -> None:
    over = CONCEPT.model_copy(update={"state": "resolved", "resolved_ms": T0 + DAY})
    assert explained(over).next_step.startswith(
        "none: it is over since 2013-01-03 00:00 UTC. To look back: driftline perf"
    )


@pytest.mark.parametrize("value", examples("alerts"))
def test_every_example_is_explained_without_a_gap_in_its_words(value: bytes) -> None:
    explanation = explained(Alert.model_validate_json(value))
    assert "{" not in f"{explanation.next_step}{explanation.effect}{explanation.how_sure}"
    assert "None" not in words(explanation)
