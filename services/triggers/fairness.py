"""Fairness verdicts: one incident for each group and limit of a protected attribute that is surely passed.

The statistics have judged already, at a level that keeps the monitor's budget of false verdicts. Where a group has too
few events there is no verdict, and nothing changes.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.performance_window import Figure, PerformanceWindow
from services.triggers import fairness_summary as words
from services.triggers.alerts import told
from services.triggers.following import close, follow
from services.triggers.incidents import Incident, Side, Sighting, Verdict, alert_id_of
from services.triggers.series import Judged, Past, Series, SeriesKey, evidence_of, is_news
from services.triggers.thresholds import watches

RULE = "fairness"
"""The rule that incidents of unfair differences go by."""


LIMITS: Mapping[str, Side] = {"impact_ratio": "below", "odds_difference": "above"}
"""By limit, a figure of schemas.performance_window.Disparity: the side that is unfair."""


class Place(NamedTuple):
    """What an incident is about."""

    attribute: str | None
    group: str | None
    limit: str


def judge(window: PerformanceWindow, monitor: Monitor, past: Past) -> Mapping[SeriesKey, Judged]:
    """What a final window by label time makes of its series; nothing where it is no news, or gives no verdict.

    Corrections bring none: the budget of false verdicts is for one look a window.
    """
    key = SeriesKey.of("fairness", window)
    series = past(key)
    judged = window.by == "label_time" and not window.correction and is_news(window, series)
    verdicts = _verdicts(window, key, monitor) if judged else ()
    sightings = {place: _sighting(window, monitor, place, *of) for place, of in verdicts}
    if not sightings:
        return {} if series is not None else {key: Judged([], None)}
    followed = follow(
        {_place(incident): incident for incident in (series.incidents if series is not None else ())},
        lambda incident: _no_longer_asked(key, incident, monitor) or _no_longer_compared(incident, window),
        sightings.items(),
    )
    alerts = [_withdrawn(key, incident, reason, window.end_ms) for incident, reason in followed.closed]
    alerts += [_changed(key, incident, window) for incident, _ in followed.changed]
    return {key: Judged(alerts, Series.after(window, list(followed.incidents.values())))}


def withdraw(key: SeriesKey, series: Series, monitor: Monitor, now_ms: int) -> Judged:
    """Resolves what the monitor does not ask for any more; `now_ms` is event time."""
    return close(
        series,
        lambda incident: _no_longer_asked(key, incident, monitor),
        lambda incident, reason: _withdrawn(key, incident, reason, now_ms),
    )


def _place(incident: Incident) -> Place:
    return Place(incident.attribute, incident.group, incident.evidence.metric)


def _verdicts(
    window: PerformanceWindow, key: SeriesKey, monitor: Monitor
) -> Iterator[tuple[Place, tuple[Figure, Verdict]]]:
    """What the monitor asks for, where there is a verdict: the figure, and whether its limit is surely passed."""
    for compared in window.fairness if _watched(key, monitor) else ():
        if compared.attribute not in _attributes(monitor):
            continue
        for disparity in compared.disparities:
            for limit in LIMITS:
                figure: Figure = getattr(disparity, limit)
                if figure.value is not None:
                    yield (
                        Place(compared.attribute, disparity.group, limit),
                        (figure, "message" if limit in disparity.unfair else "within"),
                    )


def _sighting(window: PerformanceWindow, monitor: Monitor, place: Place, figure: Figure, verdict: Verdict) -> Sighting:
    return Sighting(
        rule=RULE,
        side=LIMITS[place.limit],
        resolve_after=1,
        feature=None,
        verdict=verdict,
        first_seen_ms=window.start_ms,
        baseline_digest=window.baseline_digest,
        alert_id=alert_id_of(window.model, window.version, window.segment, RULE, *place, window.window_id),
        attribute=place.attribute,
        group=place.group,
        evidence=evidence_of(
            window,
            place.limit,
            figure.value or 0.0,
            bound=_bound(monitor, place.limit),
            n=figure.n,
            score={name: end for name, end in (("low", figure.low), ("high", figure.high)) if end is not None},
        ),
    )


def _bound(monitor: Monitor, limit: str) -> float:
    bound: float = getattr(monitor.performance.fairness, limit)
    return bound


def _attributes(monitor: Monitor) -> set[str]:
    return {attribute.name for attribute in monitor.performance.fairness.protected}


def _watched(key: SeriesKey, monitor: Monitor) -> bool:
    return key.size_ms in {spec.size for spec in monitor.performance.windows} and watches(monitor, key.segment)


def _no_longer_asked(key: SeriesKey, incident: Incident, monitor: Monitor) -> str | None:
    if not _watched(key, monitor):
        return "the monitor dropped the window size or the segment"
    if incident.attribute not in _attributes(monitor):
        return f"the monitor no longer protects {incident.attribute}"
    if incident.evidence.bound != _bound(monitor, incident.evidence.metric):
        return "the monitor changed the limit"
    return None


def _no_longer_compared(incident: Incident, window: PerformanceWindow) -> str | None:
    if (incident.attribute, incident.group) in {(compared.attribute, compared.against) for compared in window.fairness}:
        return "the others are compared with this group now"
    return None


def _changed(key: SeriesKey, incident: Incident, window: PerformanceWindow) -> Alert:
    if incident.state == "resolved":
        return told(key, incident, words.calmed(incident, key, window), incident.evidence.end_ms)
    return told(key, incident, words.firing(incident, key, window))


def _withdrawn(key: SeriesKey, incident: Incident, reason: str, now_ms: int) -> Alert:
    sentence = words.withdrawn(incident, key, reason)
    return told(key, incident, sentence, max(now_ms, incident.last_seen_ms))
