"""Topic `windows`: statistics of one model version and segment over one stretch of event time, as rising revisions."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Identifier, Record, TimeMs

Outcome = Literal["ok", "too_few", "no_baseline"]


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
