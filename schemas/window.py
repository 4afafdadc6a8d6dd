"""Topic `windows`: statistics of one model version and segment over one stretch of event time, as rising revisions."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Rate, Record, TimeMs
from schemas.monitor import Severity

Outcome = Literal["ok", "too_few", "no_baseline"]
Watching = Literal["learning", "watching", "off"]


class Drift(Record):
    """Distance between two distributions over the same cells. Definitions: docs/statistics.md.

    Every score is null unless `outcome` is ok; numeric-only scores are null for other kinds.
    """

    outcome: Outcome
    n: Count
    psi: float | None = None
    psi_adj: float | None = None
    """PSI less what sampling alone is expected to add."""
    js: float | None = None
    """Jensen-Shannon distance, base 2, 0 to 1."""
    kl: float | None = None
    linf: float | None = None
    chi2_p: float | None = None
    ks: float | None = None
    wasserstein: float | None = None
    """In standard deviations of the reference."""
    mean_shift: float | None = None
    """Mean now less mean in the reference, in standard deviations of the reference."""


class ColumnWindow(Drift):
    """One feature (or the prediction, or the score) in a window, against the baseline."""

    kind: Literal["numeric", "categorical", "boolean"]
    importance: float | None = None
    missing_rate: float
    unseen_rate: float = 0.0
    out_of_range_rate: float = 0.0
    nonfinite_rate: float = 0.0
    mean: float | None = None
    std: float | None = None
    mode: str | None = None
    """Most frequent category."""


class Latency(Record):
    """Quantiles in milliseconds, within 1 % of the value."""

    n: Count
    p50: float | None
    p95: float | None
    p99: float | None


class Side(Record):
    """One column on one side of a comparison, in the column's own units."""

    mean: float | None = None
    std: float | None = None
    mode: str | None = None
    mode_rate: Rate | None = None
    """Share of the most frequent category."""
    missing_rate: Rate = 0.0
    unseen_rate: Rate = 0.0
    nonfinite_rate: Rate = 0.0
    shares: tuple[float, ...] = ()
    """Of `Finding.cells`; they add up to 1."""


class Finding(Record):
    """A column whose evidence passed the bound, by an effect worth acting on."""

    column: str
    """As in `Detection.evidence`."""
    what: Literal["shape", "missing", "unseen", "nonfinite", "volume"]
    severity: Severity
    log_e: float
    """Natural logarithm of the e-value; the bound is `Detection.bound`."""
    onset_ms: TimeMs
    """Since when: start of the pane where the leading alternative last began to gain."""
    n: Count
    """Events since then."""
    effect: float
    """shape: adjusted PSI since then; missing, unseen, nonfinite: change of the rate; volume: now / expected - 1."""
    cells: tuple[str, ...] = ()
    """Names of the cells of a small histogram: at most 12."""
    reference: Side
    """What the baseline and the hours since the onset led to expect."""
    now: Side
    """What came since the onset. Volume is given as the mean, in events a pane."""


class Detection(Record):
    """One step of the drift detector, on the pane that the window is."""

    bound: float
    """Natural logarithm of the e-value that raises an alarm: watched columns x panes a month / budget."""
    panes: Count
    """Steps since the detector was started, this one included."""
    evidence: dict[str, float]
    """ln e-value by `role/column`, such as feature/distance, score/confidence or model/volume, before any reset."""
    findings: tuple[Finding, ...] = ()
    """Most important first."""


class Window(Record):
    """One revision of one window. The greatest revision holds; `final` once its end has passed for every partition."""

    schema_: Literal["driftline.window/1"] = Field("driftline.window/1", alias="schema")
    window_id: str
    """Hash of model, version, segment, kind, size and start; also the record's key."""
    revision: Count
    final: bool
    correction: bool = False
    """Late events arrived after it was final."""
    kind: Literal["data"] = "data"
    model: Identifier
    version: Identifier
    segment: str
    start_ms: TimeMs
    end_ms: TimeMs
    size_ms: int
    pane_ms: int
    baseline_digest: str | None
    n: Count
    """Events counted."""
    late: Count = 0
    """Of them, events that came after the window had closed."""
    violations: dict[str, Count]
    """Dead-lettered events of this window, by reason."""
    last_ms: TimeMs | None
    """Newest event time counted; freshness is the distance from `end_ms`."""
    status: dict[str, Count]
    """Answers by class: 2xx, 3xx, 4xx, 5xx, none."""
    latency_ms: Latency
    features: dict[str, ColumnWindow]
    """Most important first."""
    prediction: ColumnWindow | None
    score: ColumnWindow | None
    prediction_week: Drift | None
    """The prediction against the same window a week before."""
    top_features: tuple[str, ...]
    """The most important features, at most five unless the monitor says otherwise."""
    learning: Count | None = None
    """Without a baseline: events seen so far towards learning one."""
    watching: Watching = "off"
    """Whether the drift detector of this model version gives verdicts, still learns seasons, or is off."""
    learned_ms: int | None = None
    """While it learns: event time seen so far of the monitor's `detector.burn_in`."""
    detection: Detection | None = None
    """The detector's step: in the first final revision of each pane it steps on, in no other."""
