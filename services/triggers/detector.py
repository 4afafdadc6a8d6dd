"""The drift detector's findings: what a pane of a model version makes of its incidents, one a column.

The detector has judged already, by its evidence and its budget of false alarms; here its findings become incidents. A
pane with a finding for a column is beyond the bound, a pane without one is quiet. A window that is no pane of the
detector says nothing, unless it says that the detector stopped.
"""

from collections.abc import Iterator, Mapping, Sequence

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.window import Detection, Finding, Window
from services.triggers import finding_summary as words
from services.triggers.alerts import told
from services.triggers.following import close
from services.triggers.incidents import Company, Incident, Sighting, alert_id_of
from services.triggers.panes import METRIC, NO_EVIDENCE, follow_pane, not_asked
from services.triggers.series import Judged, Past, Series, SeriesKey, evidence_of

RULE = "detector"
"""The rule that the detector's incidents go by."""


def judge(window: Window, monitor: Monitor, past: Past) -> Mapping[SeriesKey, Judged]:
    """What a final window makes of its series; nothing where it is no news, or nothing is open and nothing found."""
    key = SeriesKey.of("detector", window)
    followed = follow_pane(
        window,
        past(key),
        "drift",
        not_asked(key, monitor, "drift"),
        place_of=_column,
        sightings_of=lambda incidents: _sightings(window, monitor, incidents),
    )
    if followed is None:
        return {}
    firing = _ranked(followed.firing, window)
    alerts = [_withdrawn(key, incident, reason, window.end_ms) for incident, reason in followed.closed]
    alerts += [_changed(key, incident, window, monitor, firing) for incident, _ in followed.changed]
    return {key: Judged(alerts, Series.after(window, firing))}


def withdraw(key: SeriesKey, series: Series, monitor: Monitor, now_ms: int) -> Judged:
    """Resolves what the monitor does not ask for any more; `now_ms` is event time."""
    reason = not_asked(key, monitor, "drift")
    return close(
        series,
        lambda _: reason,
        lambda incident, reason: _withdrawn(key, incident, reason, now_ms),
    )


def _column(incident: Incident) -> str:
    return words.finding_of(incident).column


def _sightings(window: Window, monitor: Monitor, incidents: Mapping[str, Incident]) -> Iterator[tuple[str, Sighting]]:
    """Of each column with a finding, then of each with an open incident and none."""
    detection = window.detection
    if detection is None:
        return
    found: dict[str, Finding] = {}
    for finding in sorted(detection.findings, key=lambda finding: finding.severity != "page"):
        found.setdefault(finding.column, finding)
    for column in dict.fromkeys((*found, *incidents)):
        yield (
            column,
            _sighting(window, detection, monitor, column, finding=found.get(column), incident=incidents.get(column)),
        )


def _sighting(
    window: Window,
    detection: Detection,
    monitor: Monitor,
    column: str,
    *,
    finding: Finding | None,
    incident: Incident | None,
) -> Sighting:
    role, _, name = column.partition("/")
    return Sighting(
        rule=RULE,
        resolve_after=monitor.detector.resolve_after,
        feature=name if role == "feature" else None,
        verdict=finding.severity if finding is not None else "within",
        first_seen_ms=finding.onset_ms if finding is not None else window.start_ms,
        baseline_digest=window.baseline_digest or (incident.baseline_digest if incident is not None else None),
        alert_id=alert_id_of(window.model, window.version, window.segment, RULE, column, window.window_id),
        finding=finding,
        evidence=evidence_of(
            window,
            METRIC,
            finding.log_e if finding is not None else detection.evidence.get(column, NO_EVIDENCE),
            bound=detection.bound,
            n=finding.n if finding is not None else window.n,
            score={"effect": finding.effect} if finding is not None else {},
        ),
    )


def _ranked(incidents: list[Incident], window: Window) -> list[Incident]:
    """Features in the window's order, which is that of importance; then everything else."""
    places = {f"feature/{name}": place for place, name in enumerate(window.features)}
    return sorted(incidents, key=lambda incident: (places.get(_column(incident), len(places)), _column(incident)))


def _company(incident: Incident, window: Window, firing: Sequence[Incident]) -> Company:
    others = (other.feature for other in firing if other.feature is not None)
    return Company(tuple(name for name in others if name != incident.feature), _prediction_drifts(window, firing))


def _prediction_drifts(window: Window, firing: Sequence[Incident]) -> bool | None:
    """Whether it has an incident, or evidence of at least half the bound; None where it is not watched."""
    if any(_column(incident).startswith("prediction/") for incident in firing):
        return True
    detection = window.detection
    evidence = [] if detection is None else [e for c, e in detection.evidence.items() if c.startswith("prediction/")]
    return max(evidence) >= detection.bound / 2 if detection is not None and evidence else None


def _changed(key: SeriesKey, incident: Incident, window: Window, monitor: Monitor, firing: Sequence[Incident]) -> Alert:
    company = _company(incident, window, firing)
    if incident.state == "resolved":
        return told(key, incident, words.calmed(incident, key), window.end_ms, company)
    return told(key, incident, words.firing(incident, key, monitor, company), None, company)


def _withdrawn(key: SeriesKey, incident: Incident, reason: str, now_ms: int) -> Alert:
    sentence = words.withdrawn(incident, key, reason)
    return told(key, incident, sentence, max(now_ms, incident.last_seen_ms))
