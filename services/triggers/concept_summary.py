"""A finding of the concept detector in one plain sentence, told apart from a drift of the data."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.monitor import Monitor
from schemas.performance_window import ConceptFinding, PerformanceWindow
from services.triggers.finding_summary import NAMED, evidences, false_alarms
from services.triggers.incidents import Company, Incident
from services.triggers.quantities import pair, percent, percents
from services.triggers.summary import instant


class Wording(NamedTuple):
    """How one stream of evidence is spoken of."""

    subject: str
    found: str
    """Follows the subject; of figures, what was expected, and what came."""
    over: str
    """Follows the subject once it is over."""
    had: str
    """What it was until then."""


WORDINGS: Mapping[str, Wording] = {
    "errors": Wording(
        "Errors",
        "rose from {expected} to {now}{unit} since {since} UTC",
        "are back to what is expected",
        "they had risen",
    ),
    "concept": Wording(
        "Like inputs",
        "are answered worse since {since} UTC: errors {now}{unit} where {expected} were expected",
        "are answered as expected again",
        "they were answered worse",
    ),
    "outcomes_up": Wording(
        "The outcome",
        "is more frequent than its scores say since {since} UTC: {now} where {expected} were expected",
        "is as frequent as its scores say again",
        "it was more frequent",
    ),
    "outcomes_down": Wording(
        "The outcome",
        "is less frequent than its scores say since {since} UTC: {now} where {expected} were expected",
        "is as frequent as its scores say again",
        "it was less frequent",
    ),
}
"""By stream."""
OF_LOSSES = frozenset({"errors", "concept"})
"""Streams of which `Concept.by_inputs` tells a part; outcomes are compared at like scores."""


def finding_of(incident: Incident) -> ConceptFinding:
    """What the incident was opened by, or escalated. Raises ValueError for an incident of another judge."""
    if incident.concept is None:
        raise ValueError(f"incident {incident.alert_id} of rule {incident.rule!r} is none of the concept detector's")
    return incident.concept


def firing(incident: Incident, window: PerformanceWindow, monitor: Monitor, company: Company) -> str:
    """Of an incident that opened or escalated by the window."""
    finding, regression = finding_of(incident), window.task == "regression"
    expected, now = (pair if regression else percents)(finding.expected, finding.now)
    found = WORDINGS[finding.what].found.format(
        expected=expected,
        now=now,
        unit=" (mean absolute error)" if regression else "",
        since=instant(incident.first_seen_ms),
    )
    value, bound = evidences(incident.evidence.value, incident.evidence.bound)
    clauses = [
        f"{_subject(finding, window)} {found}{_inputs(finding, window, company)}",
        f"{finding.n:,} label{'s' if finding.n != 1 else ''} since then",
        *_responsible(finding, window),
        f"evidence {value} against {bound} ({false_alarms(monitor.performance.detector.budget)})",
    ]
    return "; ".join(clauses) + "."


def calmed(incident: Incident, window: PerformanceWindow) -> str:
    """Of an incident that quiet panes resolved."""
    finding = finding_of(incident)
    wording = WORDINGS[finding.what]
    panes = "1 pane" if incident.calm == 1 else f"{incident.calm:,} panes"
    first, last = instant(incident.first_seen_ms), instant(incident.last_seen_ms)
    head = f"{_subject(finding, window)} {wording.over}"
    return f"{head}: quiet for {panes}; {wording.had} from {first} to {last} UTC."


def withdrawn(incident: Incident, reason: str) -> str:
    """Of an incident that the detector follows no more."""
    wording, since = WORDINGS[finding_of(incident).what], instant(incident.first_seen_ms)
    return f"{wording.subject}: closed because {reason}; {wording.had} since {since} UTC."


def _subject(finding: ConceptFinding, window: PerformanceWindow) -> str:
    """Outcomes are those of the positive class."""
    subject = WORDINGS[finding.what].subject
    outcome = f" {window.classes[-1]}" if finding.what.startswith("outcomes") and window.classes else ""
    where = f" in {window.segment}" if window.segment else ""
    return f"{subject}{outcome}{where}"


def _inputs(finding: ConceptFinding, window: PerformanceWindow, company: Company) -> str:
    """What tells a change of concept from a drift of the data, as far as it is known."""
    too, instead = (", and ", " while ") if finding.what == "errors" else ("; ", "; ")
    explained = window.concept.by_inputs if window.concept is not None and finding.what in OF_LOSSES else None
    if company.features:
        more = len(company.features) - NAMED
        named = ", ".join(company.features[:NAMED])
        return f"{too}inputs drift too: {named}{f' and {more} more' if more > 0 else ''}"
    if company.inputs and explained is not None:
        share = percent(min(explained / finding.effect, 1.0))
        return f"{too}the inputs changed too: they explain {share} of it"
    if company.inputs is None:
        return ""
    return f"{instead}{'no input is known to drift' if explained is None else 'the inputs are unchanged'}"


def _responsible(finding: ConceptFinding, window: PerformanceWindow) -> Iterator[str]:
    concept = window.concept
    if concept is None or finding.what not in OF_LOSSES:
        return
    parts = (
        ("among predictions of ", concept.worst_class, concept.worst_class_share),
        ("in ", concept.worst_segment, concept.worst_segment_share),
    )
    told = [
        f"{where}{name}{f' ({percent(share)})' if share is not None else ''}"
        for where, name, share in parts
        if name is not None
    ]
    if told:
        yield f"most of it {' and '.join(told)}"
