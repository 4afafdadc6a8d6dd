"""The concept detector's findings: what a pane of labels makes of a version's incidents, one a stream of evidence.

The detector has judged already, as the drift detector does (detector.py). A pane with a finding of a stream is beyond
the bound, a pane without one is quiet. Whether inputs drift too is read from the drift detector's own series.
"""

from collections.abc import Iterator, Mapping

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.performance_window import ConceptDetection, ConceptFinding, PerformanceWindow
from services.triggers import concept_summary as words
from services.triggers.alerts import told
from services.triggers.following import close
from services.triggers.incidents import Company, Incident, Sighting, alert_id_of
from services.triggers.panes import METRIC, NO_EVIDENCE, follow_pane, not_asked
from services.triggers.series import Judged, Past, Series, SeriesKey, evidence_of

RULE = "concept"
"""The rule that the concept detector's incidents go by."""
SMALL_SHARE = 0.2
"""Inputs that explain less than this share of a rise are told as unchanged."""


def judge(window: PerformanceWindow, monitor: Monitor, past: Past) -> Mapping[SeriesKey, Judged]:
    """What a final window makes of its series; nothing where it is no news, or nothing is open and nothing found."""
    key = SeriesKey.of("concept", window)
    if window.by != "label_time":
        return {}
    followed = follow_pane(
        window,
        past(key),
        "concept",
        not_asked(key, monitor, "concept"),
        place_of=_stream,
        sightings_of=lambda incidents: _sightings(window, monitor, incidents),
    )
    if followed is None:
        return {}
    drifting = drifting_inputs(window, monitor, past)
    alerts = [_withdrawn(key, incident, reason, window.end_ms) for incident, reason in followed.closed]
    alerts += [_changed(key, incident, window, monitor, drifting) for incident, _ in followed.changed]
    return {key: Judged(alerts, Series.after(window, followed.firing))}


def withdraw(key: SeriesKey, series: Series, monitor: Monitor, now_ms: int) -> Judged:
    """Resolves what the monitor does not ask for any more; `now_ms` is event time."""
    reason = not_asked(key, monitor, "concept")
    return close(
        series,
        lambda _: reason,
        lambda incident, reason: _withdrawn(key, incident, reason, now_ms),
    )


def drifting_inputs(window: PerformanceWindow, monitor: Monitor, past: Past) -> tuple[str, ...] | None:
    """Features of the version whose incidents of the drift detector are open; None where it is off."""
    if not monitor.detects:
        return None
    series = past(SeriesKey("detector", window.model, window.version, "", monitor.detector_pane_ms))
    return tuple(incident.feature for incident in (series.incidents if series else ()) if incident.feature is not None)


def _stream(incident: Incident) -> str:
    return words.finding_of(incident).what


def _sightings(
    window: PerformanceWindow, monitor: Monitor, incidents: Mapping[str, Incident]
) -> Iterator[tuple[str, Sighting]]:
    """Of each stream with a finding, then of each with an open incident and none."""
    detection = window.detection
    if detection is None:
        return
    found: dict[str, ConceptFinding] = {finding.what: finding for finding in detection.findings}
    for stream in dict.fromkeys((*found, *incidents)):
        yield stream, _sighting(window, detection, monitor, stream, found.get(stream))


def _sighting(
    window: PerformanceWindow,
    detection: ConceptDetection,
    monitor: Monitor,
    stream: str,
    finding: ConceptFinding | None,
) -> Sighting:
    figures = () if finding is None else ("effect", "expected", "now")
    return Sighting(
        rule=RULE,
        resolve_after=monitor.performance.detector.resolve_after,
        feature=None,
        verdict=finding.severity if finding is not None else "within",
        first_seen_ms=finding.onset_ms if finding is not None else window.start_ms,
        baseline_digest=window.baseline_digest,
        alert_id=alert_id_of(window.model, window.version, window.segment, RULE, stream, window.window_id),
        concept=finding,
        evidence=evidence_of(
            window,
            METRIC,
            finding.log_e if finding is not None else detection.evidence.get(stream, NO_EVIDENCE),
            bound=detection.bound,
            n=finding.n if finding is not None else window.labelled,
            score={name: getattr(finding, name) for name in figures},
        ),
    )


def _company(incident: Incident, window: PerformanceWindow, drifting: tuple[str, ...] | None) -> Company:
    """Which inputs drift, and whether they do or explain much; and who is responsible for the rest."""
    finding, concept = words.finding_of(incident), window.concept
    known = None if drifting is None else bool(drifting)
    if concept is None or finding.what not in words.OF_LOSSES:
        return Company(drifting or (), inputs=known)
    explained = 0 < SMALL_SHARE * finding.effect <= concept.by_inputs
    return Company(
        drifting or (),
        inputs=bool(drifting) or explained,
        worst_class=concept.worst_class,
        worst_segment=concept.worst_segment,
    )


def _changed(
    key: SeriesKey, incident: Incident, window: PerformanceWindow, monitor: Monitor, drifting: tuple[str, ...] | None
) -> Alert:
    if incident.state == "resolved":
        return told(key, incident, words.calmed(incident, window), window.end_ms)
    company = _company(incident, window, drifting)
    return told(key, incident, words.firing(incident, window, monitor, company), None, company)


def _withdrawn(key: SeriesKey, incident: Incident, reason: str, now_ms: int) -> Alert:
    return told(key, incident, words.withdrawn(incident, reason), max(now_ms, incident.last_seen_ms))
