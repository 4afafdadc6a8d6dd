"""What is said of an alert that labels led to: a figure beyond its threshold, another concept, an unfair group."""

from collections.abc import Iterator, Mapping
from typing import get_args

from driftline.explanation import Words, as_e_value, times_a_month
from driftline.output import count
from driftline.performance import number, title_of
from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.performance import PerformanceMetric, PerformanceThreshold
from schemas.performance_window import ConceptFinding

METRICS: frozenset[str] = frozenset(get_args(PerformanceMetric))
"""What tells a performance threshold's evidence from a data threshold's."""
_OF_LABELS = frozenset({"coverage", "label_delay_p95_s"})

_NEXT_STEPS: Mapping[str, str] = {
    "answers": (
        "see which class is answered worse, and with another --segment where: {windows}. `driftline alerts --open` "
        "names inputs that drift; if none does, what the right answer is has changed since {since} UTC: train "
        "a version on labels since then"
    ),
    "labels": "ask who delivers the labels what changed at {since} UTC. Window by window: {windows}",
    "errors": (
        "see whether the inputs explain it: `driftline alerts --open` names those that drift. Class by class: {windows}"
    ),
    "concept": (
        "find what changed in {subject} at {since} UTC: the right answer to like inputs is another one now. If it "
        "stays so, train a version on labels since then. Class by class: {windows}"
    ),
    "outcomes": (
        "calibrate the scores, or the threshold that answers are made by, on labels since {since} UTC: {subject} is "
        "not as frequent as they say. Window by window: {windows}"
    ),
    "fairness": (
        "look at the answers to {subject} since {since} UTC, with those who are responsible for them; "
        "rates by group stand below the table: {windows}"
    ),
}
"""By what was found."""
_FOUND: Mapping[str, str] = {
    "errors": "errors",
    "concept": "errors among like inputs",
    "outcomes_up": "the positive class among like scores",
    "outcomes_down": "the positive class among like scores",
}
"""By stream of evidence: whose rate changed."""


def threshold(alert: Alert, monitor: Monitor) -> Words:
    """A figure that passed its bound, or fell from the baseline's by more than its bound."""
    rule = next((rule for rule in monitor.performance.thresholds if rule.name == alert.rule), None)
    return Words(
        effect=_beyond(alert, rule),
        how_sure=_threshold_sure(rule),
        next_step=_NEXT_STEPS["labels" if alert.evidence.metric in _OF_LABELS else "answers"],
        subject="the model",
        command="performance",
        by_label_time=rule is not None and rule.by == "label_time",
    )


def _beyond(alert: Alert, rule: PerformanceThreshold | None) -> str:
    """Of a drop the evidence is how much worse it is; the figures of both sides stand beside it."""
    evidence = alert.evidence
    now, reference = (evidence.score.get(name) for name in (evidence.metric, "reference"))
    told = f"{title_of(evidence.metric)} {number(evidence.value if now is None else now)}"
    of = f"over {count(evidence.n)} {'predictions' if evidence.metric == 'coverage' else 'labels'}"
    if rule is not None and rule.drop is not None and reference is not None:
        by = f"{'worse' if evidence.value >= 0 else 'better'} by {number(abs(evidence.value))}"
        return f"{told} against {number(reference)} in the baseline, {by} (bound {evidence.bound:g}), {of}"
    return f"{told} against the bound {evidence.bound:g}, {of}"


def concept(alert: Alert, finding: ConceptFinding, monitor: Monitor) -> Words:
    """A stream of the concept detector that passed the bound."""
    outcomes = finding.what.startswith("outcomes")
    return Words(
        effect=(
            f"rate of {_FOUND[finding.what]} {finding.now:.3f} where {finding.expected:.3f} was expected "
            f"({finding.effect:+.3f}), over {count(finding.n)} labels"
        ),
        how_sure=(
            f"evidence {as_e_value(finding.log_e)} against the bound {as_e_value(alert.evidence.bound)}. While nothing "
            f"changes, the bound is passed at most {times_a_month(monitor.performance.detector.budget)} in this model, "
            "over all its streams and however often one looks"
        ),
        next_step=_NEXT_STEPS["outcomes" if outcomes else finding.what],
        subject="the positive class" if outcomes else " of ".join(_places(alert)) or "the world or the labels",
        facts=tuple(_concept_facts(alert, finding)),
        command="performance",
        by_label_time=True,
    )


def fairness(alert: Alert, monitor: Monitor) -> Words:
    """A group whose answers surely pass a limit."""
    evidence, rules = alert.evidence, monitor.performance.fairness
    return Words(
        effect=(
            f"{title_of(evidence.metric)} {evidence.value:.3f} against the limit {evidence.bound:g}, over "
            f"{count(evidence.n)} of the group"
        ),
        how_sure=(
            "the limit is passed by the whole interval, at a level that gives false verdicts at most "
            f"{times_a_month(rules.budget)} in this model, over all groups, attributes and windows"
        ),
        next_step=_NEXT_STEPS["fairness"],
        subject=f"{alert.attribute} {alert.group}",
        facts=(("where", f"{alert.attribute} {alert.group}"),),
        command="performance",
    )


def _threshold_sure(rule: PerformanceThreshold | None) -> str:
    if rule is None:
        return "it was judged by a threshold that the monitor does not have any more"
    if not rule.sure:
        return "the figure itself is judged, not its interval: how often chance alone does that is not known"
    return (
        "judged by the end of its 95 % interval that speaks for the model: where nothing has changed, chance alone "
        "does that in at most one of 40 windows"
    )


def _places(alert: Alert) -> list[str]:
    named = (("class", alert.worst_class), ("segment", alert.worst_segment))
    return [f"{what} {name}" for what, name in named if name is not None]


def _concept_facts(alert: Alert, finding: ConceptFinding) -> Iterator[tuple[str, str]]:
    if places := _places(alert):
        yield "where", f"{', '.join(places)} (most responsible)"
    if alert.inputs_drift is not None:
        explained = "drift too, or explain much of it" if alert.inputs_drift else "do not explain it"
        yield "inputs", f"{explained}{'; like ones are compared' if finding.what != 'errors' else ''}"
    if alert.also:
        yield "also drift", ", ".join(alert.also)
