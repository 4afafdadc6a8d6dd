"""A finding of the drift detector in one plain sentence: what changed, since when, how much, how sure, what else."""

from collections.abc import Iterator, Mapping

from schemas.monitor import HOUR_MS, Monitor
from schemas.window import Finding
from services.triggers.changes import changes
from services.triggers.incidents import Company, Incident
from services.triggers.series import SeriesKey
from services.triggers.summary import apart, instant

NAMED = 3
"""Further features named in a sentence; the record has all."""

_PHRASES: Mapping[str, tuple[str, str]] = {
    "shape": ("has drifted", "has drifted"),
    "missing": ("is missing more often", "is missing less often"),
    "unseen": ("has more values unseen in training", "has fewer values unseen in training"),
    "nonfinite": ("has more values that are not finite", "has fewer values that are not finite"),
    "volume": ("has risen", "has fallen"),
}
"""By what was found: where it rose, and where it fell."""
_PAST: Mapping[str, str] = {"has": "had", "is": "was"}

_NOUNS: Mapping[str, str] = {
    "prediction": "The prediction",
    "score/score": "The score",
    "score/confidence": "The confidence",
    "model/volume": "Volume",
}
"""By column, or by its role; a feature goes by its name."""

_STRETCHES: Mapping[int, str] = {
    60_000: "a minute",
    HOUR_MS: "an hour",
    24 * HOUR_MS: "a day",
    168 * HOUR_MS: "a week",
}
"""By the size of a pane in ms."""


def evidences(value: float, bound: float) -> tuple[str, str]:
    """Two e-values, given by their natural logarithms, as powers of e that read alike only where they are."""
    return apart(lambda log_e, decimals: f"e^{log_e:,.{decimals - 1}f}", value, bound)


def finding_of(incident: Incident) -> Finding:
    """What the incident was opened by, or escalated. Raises ValueError for an incident of plain thresholds."""
    if incident.finding is None:
        raise ValueError(f"incident {incident.alert_id} of rule {incident.rule!r} is none of the drift detector's")
    return incident.finding


def firing(incident: Incident, key: SeriesKey, monitor: Monitor, company: Company) -> str:
    """Of an incident that opened or escalated."""
    finding = finding_of(incident)
    told = ", ".join(changes(finding, _unit(finding, key, monitor)))
    value, bound = evidences(incident.evidence.value, incident.evidence.bound)
    clauses = [
        f"{_subject(finding, key)} {_phrase(finding)} since {instant(incident.first_seen_ms)} UTC: {told}",
        f"evidence {value} against {bound} ({false_alarms(monitor.detector.budget)})",
        *_company(finding, company),
    ]
    return "; ".join(clauses) + "."


def calmed(incident: Incident, key: SeriesKey) -> str:
    """Of an incident that quiet panes resolved."""
    finding = finding_of(incident)
    panes = "1 pane" if incident.calm == 1 else f"{incident.calm:,} panes"
    first, last = instant(incident.first_seen_ms), instant(incident.last_seen_ms)
    return (
        f"{_subject(finding, key)} is back to what is expected: quiet for {panes}; "
        f"{_had(finding)} from {first} to {last} UTC."
    )


def withdrawn(incident: Incident, key: SeriesKey, reason: str) -> str:
    """Of an incident that the detector follows no more."""
    finding, since = finding_of(incident), instant(incident.first_seen_ms)
    return f"{_subject(finding, key)}: closed because {reason}; {_had(finding)} since {since} UTC."


def _subject(finding: Finding, key: SeriesKey) -> str:
    role, _, name = finding.column.partition("/")
    noun = _NOUNS.get(finding.column) or _NOUNS.get(role) or name
    return f"{noun} in {key.segment}" if key.segment else noun


def _phrase(finding: Finding) -> str:
    rose, fell = _PHRASES[finding.what]
    return rose if finding.effect >= 0 else fell


def _had(finding: Finding) -> str:
    verb, _, rest = _phrase(finding).partition(" ")
    return f"it {_PAST[verb]} {rest}"


def _unit(finding: Finding, key: SeriesKey, monitor: Monitor) -> str:
    role, _, name = finding.column.partition("/")
    if finding.what == "volume":
        hours = key.size_ms / HOUR_MS
        return _STRETCHES.get(key.size_ms) or (f"in {hours:g} hours" if hours > 1 else f"in {60 * hours:g} minutes")
    return monitor.units.get(name, "") if role == "feature" else ""


def false_alarms(budget: float) -> str:
    """How often the detector may be wrong."""
    return "1 false alarm a month" if budget == 1 else f"{budget:g} false alarms a month"


def _company(finding: Finding, company: Company) -> Iterator[str]:
    if company.features:
        more = len(company.features) - NAMED
        named = ", ".join(company.features[:NAMED])
        yield f"also {named} and {more} more" if more > 0 else f"also {named}"
    if company.prediction is not None and not finding.column.startswith("prediction/"):
        yield "the prediction drifts with it" if company.prediction else "the prediction does not drift with it"
