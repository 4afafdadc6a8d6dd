"""What becomes of a detector's incidents with one more of its panes, whichever detector it is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from schemas.monitor import Monitor
from services.triggers.finding_summary import evidences
from services.triggers.following import Followed, follow
from services.triggers.incidents import Incident, Sighting
from services.triggers.series import AnyWindow, Series, SeriesKey
from services.triggers.thresholds import watches

Detector = Literal["drift", "concept"]
METRIC = "evidence"
"""Natural logarithm of the e-value."""
NO_EVIDENCE = 0.0
"""Logarithm of the e-value where nothing has been gained."""


def follow_pane(
    window: AnyWindow,
    series: Series | None,
    detector: Detector,
    not_asked: str | None,
    *,
    place_of: Callable[[Incident], str],
    sightings_of: Callable[[Mapping[str, Incident]], Iterable[tuple[str, Sighting]]],
) -> Followed[str] | None:
    """The incidents after a pane; None where it is no news, or nothing is open and nothing found.

    `not_asked` is why the monitor asks for none of them any more, else None.
    """
    if series is not None and window.start_ms <= series.start_ms:
        return None
    incidents = {place_of(incident): incident for incident in (series.incidents if series is not None else ())}
    followed = follow(
        incidents,
        lambda incident: not_asked or _not_answered(incident, window, detector),
        sightings_of(incidents) if window.detection is not None and not_asked is None else (),
    )
    told = followed.closed or followed.changed
    return followed if told or (window.detection is not None and followed.firing) else None


def not_asked(key: SeriesKey, monitor: Monitor, detector: Detector) -> str | None:
    """Why the monitor asks for none of a series' incidents any more; None where it does."""
    asked = monitor if detector == "drift" else monitor.performance
    if asked.detector.rule == "off":
        return f"the monitor switched the {detector} detector off"
    if key.size_ms != asked.detector_pane_ms:
        return f"the monitor gave the {detector} detector another pane"
    if not watches(monitor, key.segment):
        return "the monitor dropped this segment"
    return None


def _not_answered(incident: Incident, window: AnyWindow, detector: Detector) -> str | None:
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
