"""One incident's life: it opens, may escalate, calms, and is resolved. Pure; the table below is all of it.

```
             within           message          page
 quiet    │  –                open             open
 message  │  calm → resolve   see              escalate
 page     │  calm → resolve   see              see
```
"""

import hashlib
import json
import operator
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from schemas.alert import Evidence
from schemas.base import Count, Record, TimeMs
from schemas.monitor import Severity, Threshold
from schemas.performance import PerformanceThreshold
from schemas.performance_window import ConceptFinding
from schemas.window import Finding

Side = Literal["above", "below", "drop"]
"""drop: worse than the baseline by more than the bound."""
Verdict = Literal["within", "message", "page"]
Change = Literal["opened", "escalated", "resolved"]

BEYOND: Mapping[Side, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "below": operator.lt,
    "drop": operator.gt,
}
"""Whether a value is beyond a bound, by side."""


class Incident(Record):
    """What is remembered of one incident, within its series of windows.

    Rows hold firing incidents, and resolved ones only while the window that opened them can still be
    corrected: the same window would open the same incident again, under the same id and the next revision.
    """

    rule: str
    feature: str | None
    side: Side
    alert_id: str
    revision: Count = 0
    state: Literal["firing", "resolved"] = "firing"
    severity: Severity
    first_seen_ms: TimeMs
    """Start of the window that opened it; of a detector's incident, the onset of what opened it."""
    last_seen_ms: TimeMs
    """End of the newest window that was beyond the bound."""
    judged_ms: TimeMs
    """Start of the newest window judged."""
    calm: Count = 0
    """Consecutive windows within the bound, up to the newest."""
    calm_before: Count = 0
    """The same, up to the one before the newest: a correction of the newest counts from here."""
    baseline_digest: str | None
    evidence: Evidence
    """Of the newest window judged; rows keep it without further figures."""
    finding: Finding | None = None
    """Of a drift detector's incident: what opened it, or let it escalate."""
    concept: ConceptFinding | None = None
    """The same of a concept detector's incident."""
    attribute: str | None = None
    """Of an unfair difference: the protected attribute; its limit is the metric of the evidence."""
    group: str | None = None
    """And the group that is treated otherwise."""


class Sighting(Record):
    """One figure of one window, held against one rule."""

    rule: str
    side: Side = "above"
    page: float | None = None
    """The rule's further bound, where it has one."""
    resolve_after: Count
    """Consecutive windows within the bound that resolve the incident."""
    feature: str | None
    verdict: Verdict
    evidence: Evidence
    first_seen_ms: TimeMs
    """Of an incident that this sighting would open."""
    baseline_digest: str | None
    alert_id: str
    """The id of an incident that this sighting would open."""
    finding: Finding | None = None
    concept: ConceptFinding | None = None
    attribute: str | None = None
    group: str | None = None


class Company(NamedTuple):
    """What is told beside an incident of a detector: what else drifts, and where."""

    features: tuple[str, ...] = ()
    """Further features, most important first."""
    prediction: bool | None = None
    """Whether the prediction does; None where that is not known."""
    inputs: bool | None = None
    """Whether the inputs drift too, or explain much of it; None where that is not known."""
    worst_class: str | None = None
    worst_segment: str | None = None


ALONE = Company()
"""Nothing is known to."""


def bound_of(rule: Threshold | PerformanceThreshold) -> tuple[Side, float]:
    """The side of the rule's bound, and the bound."""
    if rule.above is not None:
        return "above", rule.above
    if isinstance(rule, PerformanceThreshold) and rule.drop is not None:
        return "drop", rule.drop
    return "below", rule.below or 0.0


def verdict_of(rule: Threshold | PerformanceThreshold, value: float) -> Verdict:
    """Where a value lies; exactly on a bound is not beyond it."""
    side, bound = bound_of(rule)
    beyond = BEYOND[side]
    if not beyond(value, bound):
        return "within"
    return "page" if rule.page is not None and beyond(value, rule.page) else "message"


def alert_id_of(*parts: str | None) -> str:
    """32 hex digits of SHA-256 over model, version, segment, rule, feature, id of the opening window."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def resolved(incident: Incident) -> Incident:
    """The incident, ended."""
    return incident.model_copy(update={"state": "resolved", "revision": incident.revision + 1})


Step = tuple[Incident, Change | None]


def _severity(sighting: Sighting) -> Severity:
    return "page" if sighting.verdict == "page" else "message"


def _open(before: Incident | None, sighting: Sighting) -> Step:
    again = before is not None and before.alert_id == sighting.alert_id
    evidence = sighting.evidence
    opened = Incident(
        rule=sighting.rule,
        feature=sighting.feature,
        side=sighting.side,
        alert_id=sighting.alert_id,
        revision=before.revision + 1 if before is not None and again else 0,
        severity=_severity(sighting),
        first_seen_ms=sighting.first_seen_ms,
        last_seen_ms=evidence.end_ms,
        judged_ms=evidence.start_ms,
        baseline_digest=sighting.baseline_digest,
        evidence=evidence,
        finding=sighting.finding,
        concept=sighting.concept,
        attribute=sighting.attribute,
        group=sighting.group,
    )
    return opened, "opened"


def _seen(incident: Incident, sighting: Sighting, *, calm: bool) -> Incident:
    evidence = sighting.evidence
    before = incident.calm_before if evidence.start_ms == incident.judged_ms else incident.calm
    return incident.model_copy(
        update={
            "judged_ms": evidence.start_ms,
            "calm_before": before,
            "calm": before + 1 if calm else 0,
            "last_seen_ms": incident.last_seen_ms if calm else max(incident.last_seen_ms, evidence.end_ms),
            "baseline_digest": sighting.baseline_digest,
            "evidence": evidence,
        }
    )


def _see(incident: Incident, sighting: Sighting) -> Step:
    return _seen(incident, sighting, calm=False), None


def _escalate(incident: Incident, sighting: Sighting) -> Step:
    seen = _seen(incident, sighting, calm=False)
    found = {"finding": sighting.finding, "concept": sighting.concept}
    return seen.model_copy(update={"severity": "page", "revision": seen.revision + 1} | found), "escalated"


def _calm(incident: Incident, sighting: Sighting) -> Step:
    seen = _seen(incident, sighting, calm=True)
    if seen.calm < sighting.resolve_after:
        return seen, None
    return resolved(seen), "resolved"


_FIRING: Mapping[tuple[Severity, Verdict], Callable[[Incident, Sighting], Step]] = {
    ("message", "within"): _calm,
    ("message", "message"): _see,
    ("message", "page"): _escalate,
    ("page", "within"): _calm,
    ("page", "message"): _see,
    ("page", "page"): _see,
}


def step(incident: Incident | None, sighting: Sighting) -> tuple[Incident | None, Change | None]:
    """The incident after one more sighting, and what changed that people should hear of."""
    if incident is not None and incident.state == "firing":
        return _FIRING[incident.severity, sighting.verdict](incident, sighting)
    if sighting.verdict == "within":
        return incident, None
    return _open(incident, sighting)
