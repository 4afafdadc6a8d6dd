"""Topic `windows`: how good a model version's answers were, over one stretch of event time, as rising revisions."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Rate, Record, TimeMs
from schemas.monitor import Severity
from schemas.outcome import By
from schemas.window import Watching


class Figure(Record):
    """A figure with its 95 % interval, or the reason why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: Count
    """What it was made from: events, or as many as there were of those it asks for."""
    resolution: float = 0.0
    """How far the figure of the raw values may lie from `value`, for they were counted in bins."""
    why_not: str | None = None
    """Such as `too few labels: 12 of 30`; null where there is a value."""


class Estimate(Record):
    """What the calibrated scores lead to expect of all predictions made, with or without a label."""

    method: Literal["CBPE", "DLE"]
    n: Count
    """Predictions estimated."""
    figures: dict[str, Figure]
    """Named as the window's own; bands are +-3 standard errors."""
    backtest: dict[str, Figure] = {}
    """The same estimate over the labelled ones only: what it was worth, beside the window's own figures."""
    error: dict[str, float] = {}
    """Back-test less what the labels say, by figure."""
    reliable: bool
    """False once labels show that answers to like inputs changed: then it does not hold."""
    why_not: str | None = None
    """Why nothing is estimated, such as `too few labelled reference rows: 812 of 5,000`."""


class Concept(Record):
    """Mean loss now and in the reference: the error rate, of a regression the mean absolute error."""

    n: Count
    reference: float
    now: float
    by_inputs: float
    """What the change of inputs explains of now - reference."""
    by_concept: Figure
    """The rest: like inputs are answered worse, or better, than in the reference."""
    p_value: float | None
    """Were no stratum of like predictions changed."""
    worst_class: str | None = None
    """The predicted class, or bin of a regression's prediction, most responsible."""
    worst_class_share: Rate | None = None
    worst_segment: str | None = None
    """`dimension=value` most responsible, over all dimensions watched."""
    worst_segment_share: Rate | None = None


class ConceptFinding(Record):
    """A stream of evidence that passed the bound."""

    what: Literal["errors", "concept", "outcomes_up", "outcomes_down"]
    """errors: the error rate is above the reference's. concept: more errors than like inputs had in the reference.
    outcomes: the positive class is more, or less, frequent than its scores say."""
    severity: Severity
    log_e: float
    """Natural logarithm of the e-value; the bound is `ConceptDetection.bound`."""
    onset_ms: TimeMs
    """Since when, by label time."""
    n: Count
    """Labels since then."""
    effect: float
    """Rate since then less what was expected."""
    expected: float
    now: float


class ConceptDetection(Record):
    """One step of the concept detector, on the pane (by label time) that the window is."""

    bound: float
    """ln(streams x panes a month / budget): false alarms are at most `budget` a model and month."""
    panes: Count
    evidence: dict[str, float]
    """ln e-value by stream, before any reset."""
    findings: tuple[ConceptFinding, ...] = ()


class GroupRates(Record):
    """One group of a protected attribute, in this window."""

    n: Count
    selection_rate: Figure
    true_positive_rate: Figure
    false_positive_rate: Figure


class Disparity(Record):
    """One group against the group of comparison."""

    group: str
    parity_difference: Figure
    """Statistical parity difference: selection rate less the other's."""
    impact_ratio: Figure
    """Disparate impact ratio: selection rate over the other's."""
    odds_difference: Figure
    """Equalised-odds difference: the greater of |dTPR| and |dFPR|."""
    unfair: tuple[Literal["impact_ratio", "odds_difference"], ...] = ()
    """Limits of the monitor that are surely passed, at the level that keeps the budget of false verdicts."""


class FairnessWindow(Record):
    """One protected attribute, in this window."""

    attribute: Identifier
    favourable: str
    against: str
    level: Rate
    """Of the verdicts: what keeps the budget of false ones. The figures' own intervals have 95 %."""
    groups: dict[str, GroupRates]
    disparities: tuple[Disparity, ...]


class PerformanceWindow(Record):
    """One revision of one window. The greatest revision holds; labels that come later make further ones."""

    schema_: Literal["driftline.performance-window/1"] = Field("driftline.performance-window/1", alias="schema")
    window_id: str
    """Hash of model, version, segment, kind (`performance/` and by), size and start; also the record's key."""
    revision: Count
    final: bool
    """Its end has passed: no further prediction (by label time: label) is expected."""
    correction: bool = False
    """It was final before: labels came since."""
    kind: Literal["performance"] = "performance"
    by: By
    model: Identifier
    version: Identifier
    segment: str
    start_ms: TimeMs
    end_ms: TimeMs
    size_ms: int
    pane_ms: int
    baseline_digest: str | None
    outcomes_digest: str
    """Of the meaning of what was counted."""
    task: Literal["binary", "multiclass", "regression"] | None
    """Null where the baseline it was counted by is no longer known: then there are no figures either."""
    made: Count
    """Predictions made; 0 in windows by label time."""
    labelled: Count
    """Of them, those joined with a label."""
    labels_until_ms: TimeMs | None
    """How far labels were read (event time) in every partition: how far the window has matured."""
    label_delay_p50_s: float | None
    label_delay_p95_s: float | None
    figures: dict[str, Figure]
    """coverage, accuracy, precision, ..., value: those of stats/performance/metrics.py that fit the task."""
    by_class: dict[str, dict[str, Figure]] = {}
    classes: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    """Rows by label, columns by prediction, in the order of `classes` and then all other values."""
    reference: dict[str, Figure] = {}
    """The same figures of the baseline's labelled rows."""
    gap: dict[str, Figure] = {}
    """Now less reference, with the interval of the difference."""
    estimate: Estimate | None = None
    """Performance before labels; by prediction time only."""
    concept: Concept | None = None
    fairness: tuple[FairnessWindow, ...] = ()
    watching: Watching = "off"
    """Whether the concept detector of this version gives verdicts."""
    detection: ConceptDetection | None = None
    """The detector's step: in the first final revision of each pane by label time, of all events, in no other."""
