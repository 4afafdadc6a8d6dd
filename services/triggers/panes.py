"""What the detectors' panes have in common: the evidence that is told, and why a pane may end what others opened."""

from collections.abc import Callable
from typing import Literal

from schemas.alert import Alert
from services.triggers.finding_summary import evidences
from services.triggers.incidents import Incident, resolved
from services.triggers.series import AnyWindow, Judged, Series

METRIC = "evidence"
"""Natural logarithm of the e-value."""
NO_EVIDENCE = 0.0
"""Logarithm of the e-value where nothing has been gained."""


def not_answered(incident: Incident, window: AnyWindow, detector: Literal["drift", "concept"]) -> str | None:
    """Why the detector that opened an incident follows it no more; None where it does, or took no step here."""
    known = (incident.baseline_digest, window.baseline_digest)
    if None not in known and known[0] != known[1]:
        return "the version has a new baseline"
    if window.detection is None:
        return {
            "off": f"the {detector} detector is off",
            "learning": f"the {detector} detector learns anew",
            "watching": None,
        }[window.watching]
    if window.detection.bound != incident.evidence.bound:
        before, now = evidences(incident.evidence.bound, window.detection.bound)
        return f"the {detector} detector's bound changed from {before} to {now}"
    return None


def withdraw_all(series: Series, reason: str | None, told: Callable[[Incident, str], Alert]) -> Judged:
    """Resolves every open incident of a series that the monitor does not ask for any more, and says why."""
    if reason is None or not series.incidents:
        return Judged([], None)
    return Judged([told(resolved(incident), reason) for incident in series.incidents], series.with_incidents([]))
