"""Performance thresholds: a figure of labelled answers held against a bound, or against the baseline's own figure.

Labels come late, so a window is not judged before its gates open: enough labels, coverage, age. Each rule waits in its
own way, and so has a series, with a position, of its own.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.performance import LOWER_IS_BETTER, PerformanceThreshold
from schemas.performance_window import Figure, PerformanceWindow
from services.triggers import performance_summary as words
from services.triggers.alerts import told
from services.triggers.following import close, follow
from services.triggers.incidents import Incident, Sighting, alert_id_of, bound_of, verdict_of
from services.triggers.series import Judged, Past, Series, SeriesKey, evidence_of, is_news
from services.triggers.thresholds import watches


class Reading(NamedTuple):
    """What a rule reads of a window, in the measure of its bound; of a drop, how much worse than the baseline."""

    value: float
    judged: float
    """What decides: the value, or the end of its interval that speaks for the model."""
    n: int
    score: Mapping[str, float]
    """Figures for the sentence and for consumers, by name."""


def judge(window: PerformanceWindow, monitor: Monitor, past: Past) -> Mapping[SeriesKey, Judged]:
    """Holds a final window against every rule whose gates it passes, in that rule's series."""
    own: dict[SeriesKey, Judged] = {}
    for part in dict.fromkeys(_part(rule) for rule in monitor.performance.thresholds if rule.by == window.by):
        key = SeriesKey.of("performance", window, part)
        series, rule = past(key), rule_of(monitor, key)
        if rule is None or not is_news(window, series) or not ripe(window, rule):
            continue
        if (seen := reading(window, rule)) is not None:
            own[key] = _judged(key, series, window, rule, seen)
    return own


def withdraw(key: SeriesKey, series: Series, monitor: Monitor, now_ms: int) -> Judged:
    """Resolves what the monitor does not ask for any more; `now_ms` is event time."""
    rule = rule_of(monitor, key)
    return close(
        series,
        lambda incident: _no_longer_asked(incident, rule),
        lambda incident, reason: _withdrawn(key, incident, reason, now_ms),
    )


def rule_of(monitor: Monitor, key: SeriesKey) -> PerformanceThreshold | None:
    """The rule that decides for a series: the first of its name, and kind of time, for the size and segment."""
    asked = monitor.performance
    if key.size_ms not in {spec.size for spec in asked.windows} or not watches(monitor, key.segment):
        return None
    for rule in asked.thresholds:
        if _part(rule) == key.rule and rule.window in (None, key.size_ms) and (rule.segments or not key.segment):
            return rule
    return None


def ripe(window: PerformanceWindow, rule: PerformanceThreshold) -> bool:
    """Whether the window passes the rule's gates; of coverage, which is about labels, `min_labels` asks predictions."""
    counted = window.made if rule.metric == "coverage" else window.labelled
    if counted < rule.min_labels:
        return False
    if rule.min_coverage is not None and window.labelled < rule.min_coverage * window.made:
        return False
    if rule.min_age is None:
        return True
    return window.labels_until_ms is not None and window.labels_until_ms - window.end_ms >= rule.min_age


def reading(window: PerformanceWindow, rule: PerformanceThreshold) -> Reading | None:
    """The rule's figure; None where the window, or for a drop its baseline, has none."""
    figure, side = _figure(window, rule.metric), bound_of(rule)[0]
    measured = _worsening(window, rule.metric) if side == "drop" else figure
    if figure is None or figure.value is None or measured is None or measured.value is None:
        return None
    speaks = measured.high if side == "below" else measured.low
    reference = window.reference.get(rule.metric, Figure(n=0))
    score = {
        rule.metric: figure.value,
        "low": figure.low,
        "high": figure.high,
        "reference": reference.value,
        "labels": float(window.labelled),
        "predictions": float(window.made) if rule.by == "prediction_time" else None,
    }
    return Reading(
        value=measured.value,
        judged=speaks if rule.sure and speaks is not None else measured.value,
        n=figure.n,
        score={name: number for name, number in score.items() if number is not None},
    )


def _part(rule: PerformanceThreshold) -> str:
    return f"{rule.by}/{rule.name}"


def _figure(window: PerformanceWindow, metric: str) -> Figure | None:
    if metric == "label_delay_p95_s":
        return Figure(value=window.label_delay_p95_s, n=window.labelled)
    return window.figures.get(metric)


def _worsening(window: PerformanceWindow, metric: str) -> Figure | None:
    """How much worse than the baseline, with its interval."""
    gap = window.gap.get(metric)
    if gap is None or gap.value is None or metric in LOWER_IS_BETTER:
        return gap
    low, high = (None if end is None else -end for end in (gap.high, gap.low))
    return Figure(value=-gap.value, low=low, high=high, n=gap.n)


def _judged(
    key: SeriesKey, series: Series | None, window: PerformanceWindow, rule: PerformanceThreshold, seen: Reading
) -> Judged:
    followed = follow(
        dict.fromkeys(("",), series.incidents[0]) if series is not None and series.incidents else {},
        lambda incident: _no_longer_asked(incident, rule),
        [("", sighting(window, rule, seen))],
    )
    alerts = [_withdrawn(key, incident, reason, window.end_ms) for incident, reason in followed.closed]
    alerts += [_changed(key, incident, rule) for incident, _ in followed.changed]
    return Judged(alerts, Series.after(window, list(followed.incidents.values())))


def sighting(window: PerformanceWindow, rule: PerformanceThreshold, seen: Reading) -> Sighting:
    """What was read, held against the rule."""
    side, bound = bound_of(rule)
    return Sighting(
        rule=rule.name,
        side=side,
        page=rule.page,
        resolve_after=rule.resolve_after,
        feature=None,
        verdict=verdict_of(rule, seen.judged),
        first_seen_ms=window.start_ms,
        baseline_digest=window.baseline_digest,
        alert_id=alert_id_of(window.model, window.version, window.segment, rule.name, None, window.window_id),
        evidence=evidence_of(window, rule.metric, seen.value, bound=bound, n=seen.n, score=seen.score),
    )


def _no_longer_asked(incident: Incident, rule: PerformanceThreshold | None) -> str | None:
    asked = (incident.evidence.metric, (incident.side, incident.evidence.bound))
    if rule is None or (rule.metric, bound_of(rule)) != asked:
        return f"the monitor changed or dropped its rule {incident.rule!r}"
    return None


def _changed(key: SeriesKey, incident: Incident, rule: PerformanceThreshold) -> Alert:
    if incident.state == "resolved":
        return told(key, incident, words.calmed(incident, key), incident.evidence.end_ms)
    page = rule.page if incident.severity == "page" else None
    return told(key, incident, words.firing(incident, key, page))


def _withdrawn(key: SeriesKey, incident: Incident, reason: str, now_ms: int) -> Alert:
    sentence = words.withdrawn(incident, key, reason)
    return told(key, incident, sentence, max(now_ms, incident.last_seen_ms))
