"""Plain thresholds: the rules a window is held against, and what that makes of its series' incidents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from schemas.monitor import ModelMetric, Monitor, Threshold
from schemas.window import Window
from services.triggers import alerts as alert_of
from services.triggers.figures import READINGS, UNCOUNTED, Figure
from services.triggers.following import close, follow
from services.triggers.incidents import Incident, Sighting, alert_id_of, bound_of, verdict_of
from services.triggers.series import Judged, Past, Series, SeriesKey, evidence_of, is_news

MODEL_METRICS: frozenset[str] = frozenset(get_args(ModelMetric))
VARIANT = "variant"
"""The dimension that is kept whatever the monitor says."""


def rules_over(monitor: Monitor, key: SeriesKey) -> list[Threshold]:
    """The rules that judge a series. Sizes and segments that the monitor does not have are leftovers."""
    if key.size_ms not in {spec.size for spec in monitor.windows} or not watches(monitor, key.segment):
        return []
    return [rule for rule in monitor.rules if rule.window in (None, key.size_ms) and (rule.segments or not key.segment)]


def watches(monitor: Monitor, segment: str) -> bool:
    """Whether the monitor asks for a segment."""
    dimension, _, _ = segment.partition("=")
    return monitor.segments is None or dimension in {"", VARIANT, *monitor.segments}


def rule_of(rules: Sequence[Threshold], name: str, feature: str | None) -> Threshold | None:
    """The rule that decides for a feature (None: the model): the first of its name that covers it."""
    for rule in rules:
        if rule.name == name and _covers(rule, feature):
            return rule
    return None


def _covers(rule: Threshold, feature: str | None) -> bool:
    if feature is None or rule.metric in MODEL_METRICS:
        return feature is None and rule.metric in MODEL_METRICS
    return rule.features is None or feature in rule.features


def _left_to_the_detector(rule: Threshold, window: Window) -> bool:
    return rule.while_learning and window.watching != "learning"


def _sightings(window: Window, rules: Sequence[Threshold]) -> Iterator[Sighting]:
    for rule in rules:
        if _left_to_the_detector(rule, window):
            continue
        for figure in READINGS[rule.metric](window):
            enough = rule.metric in UNCOUNTED or figure.n >= rule.min_count
            if enough and rule_of(rules, rule.name, figure.feature) is rule:
                yield _sighting(window, rule, figure)


def _sighting(window: Window, rule: Threshold, figure: Figure) -> Sighting:
    side, bound = bound_of(rule)
    return Sighting(
        rule=rule.name,
        side=side,
        page=rule.page,
        resolve_after=rule.resolve_after,
        feature=figure.feature,
        verdict=verdict_of(rule, figure.value),
        first_seen_ms=window.start_ms,
        baseline_digest=window.baseline_digest,
        alert_id=alert_id_of(window.model, window.version, window.segment, rule.name, figure.feature, window.window_id),
        evidence=evidence_of(window, rule.metric, figure.value, bound=bound, n=figure.n, score=figure.score),
    )


def _no_longer_asked(incident: Incident, rules: Sequence[Threshold]) -> str | None:
    rule = rule_of(rules, incident.rule, incident.feature)
    asked = (incident.evidence.metric, (incident.side, incident.evidence.bound))
    if rule is None or (rule.metric, bound_of(rule)) != asked:
        return f"the monitor changed or dropped its rule {incident.rule!r}"
    return None


def _handed_over(incident: Incident, rules: Sequence[Threshold], window: Window) -> str | None:
    rule = rule_of(rules, incident.rule, incident.feature)
    if rule is not None and _left_to_the_detector(rule, window):
        return f"the drift detector watches now, in place of the rule {incident.rule!r}"
    return None


def _no_longer_answered(incident: Incident, window: Window) -> str | None:
    if incident.feature is not None and window.features and incident.feature not in window.features:
        return "the baseline no longer has this feature"
    return None


def withdraw(key: SeriesKey, series: Series, monitor: Monitor, now_ms: int) -> Judged:
    """Resolves what the monitor does not ask for any more; `now_ms` is event time."""
    rules = rules_over(monitor, key)
    return close(
        series,
        lambda incident: _no_longer_asked(incident, rules),
        lambda incident, reason: alert_of.withdrawn(key, incident, reason, now_ms),
    )


def judge(window: Window, monitor: Monitor, past: Past) -> Mapping[SeriesKey, Judged]:
    """Holds a final window against the monitor's rules; nothing for a window that is not news to its series."""
    key = SeriesKey.of("thresholds", window)
    series, rules = past(key), rules_over(monitor, key)
    if not is_news(window, series):
        return {}
    if series is None and not rules:
        return {key: Judged([], None)}

    def reason_of(incident: Incident) -> str | None:
        return (
            _no_longer_asked(incident, rules)
            or _handed_over(incident, rules, window)
            or _no_longer_answered(incident, window)
        )

    followed = follow(
        {(i.rule, i.feature): i for i in (series.incidents if series else ())},
        reason_of,
        (((sighting.rule, sighting.feature), sighting) for sighting in _sightings(window, rules)),
    )
    alerts = [alert_of.withdrawn(key, incident, reason, window.end_ms) for incident, reason in followed.closed]
    alerts += [alert_of.changed(key, incident, sighting) for incident, sighting in followed.changed]
    return {key: Judged(alerts, Series.after(window, list(followed.incidents.values())))}
