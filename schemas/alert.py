"""Topic `alerts`: an incident opens, changes and is resolved; one id throughout."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, TimeMs
from schemas.monitor import Severity
from schemas.performance_window import ConceptFinding
from schemas.window import Finding


class Evidence(Record):
    """The figure that decided, and the window it stands in."""

    window_id: str
    revision: Count
    start_ms: TimeMs
    end_ms: TimeMs
    metric: str
    value: float
    bound: float
    n: Count
    score: dict[str, float] = {}
    """Further figures of the same feature or window, by metric."""


class Alert(Record):
    """The state of one incident."""

    schema_: Literal["driftline.alert/1"] = Field("driftline.alert/1", alias="schema")
    alert_id: str
    """Hash of model, version, segment, rule, feature (detectors: column or stream; fairness: attribute, group,
    limit) and opening window; also the key."""
    state: Literal["firing", "resolved"]
    revision: Count
    severity: Severity
    rule: Identifier
    model: Identifier
    version: Identifier
    segment: str
    feature: str | None
    summary: str
    """One sentence for a person."""
    baseline_digest: str | None
    evidence: Evidence
    """Of the opening window while firing, of the resolving one after."""
    first_seen_ms: TimeMs
    """Event time: start of the window that opened it; for the detectors, the onset."""
    last_seen_ms: TimeMs
    resolved_ms: TimeMs | None = None
    finding: Finding | None = None
    """What the drift detector found, where it opened the incident: both sides and a small histogram."""
    also: tuple[str, ...] = ()
    """Further features that the drift detector holds for drifted, most important first."""
    prediction_drifts: bool | None = None
    """Whether the prediction drifts with it; null where the detector does not know."""
    concept: ConceptFinding | None = None
    """What the concept detector found, where it opened the incident."""
    inputs_drift: bool | None = None
    """Of a concept incident: whether inputs drift too, or explain much of the rise; null where nobody knows."""
    worst_class: str | None = None
    """The predicted class, or bin of a regression's prediction, most responsible for a change of concept."""
    worst_segment: str | None = None
    """`dimension=value` most responsible for it."""
    attribute: Identifier | None = None
    """Of a fairness incident: the protected attribute."""
    group: str | None = None
    """And the group that its limit, `evidence.metric`, is passed for."""
