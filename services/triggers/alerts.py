"""An incident's change as a record of topic `alerts`."""

from schemas.alert import Alert
from services.triggers import summary
from services.triggers.incidents import ALONE, Company, Incident, Sighting
from services.triggers.series import SeriesKey


def changed(key: SeriesKey, incident: Incident, sighting: Sighting) -> Alert:
    """The incident has opened, escalated or calmed by this sighting."""
    if incident.state == "resolved":
        return told(key, incident, summary.calmed(incident, key.segment), sighting.evidence.end_ms)
    page = sighting.page if incident.severity == "page" else None
    return told(key, incident, summary.firing(incident, key.segment, page))


def withdrawn(key: SeriesKey, incident: Incident, reason: str, now_ms: int) -> Alert:
    """The incident has ended because nothing judges it any more; `now_ms` is event time."""
    sentence = summary.withdrawn(incident, key.segment, reason)
    return told(key, incident, sentence, max(now_ms, incident.last_seen_ms))


def told(
    key: SeriesKey,
    incident: Incident,
    sentence: str,
    resolved_ms: int | None = None,
    company: Company = ALONE,
) -> Alert:
    """The incident as it is now, in that sentence; times are event time."""
    return Alert(
        alert_id=incident.alert_id,
        state=incident.state,
        revision=incident.revision,
        severity=incident.severity,
        rule=incident.rule,
        model=key.model,
        version=key.version,
        segment=key.segment,
        feature=incident.feature,
        summary=sentence,
        baseline_digest=incident.baseline_digest,
        evidence=incident.evidence,
        first_seen_ms=incident.first_seen_ms,
        last_seen_ms=incident.last_seen_ms,
        resolved_ms=resolved_ms,
        finding=incident.finding,
        also=company.features,
        prediction_drifts=company.prediction,
        concept=incident.concept,
        inputs_drift=company.inputs,
        worst_class=company.worst_class,
        worst_segment=company.worst_segment,
        attribute=incident.attribute,
        group=incident.group,
    )
