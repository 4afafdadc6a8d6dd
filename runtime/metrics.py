"""Every metric of every service, in one list. `python -m runtime.metrics docs/operations.md` writes its table."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CounterName = Literal[
    "driftline_records_total",
    "driftline_events_read_total",
    "driftline_events_counted_total",
    "driftline_dead_letters_total",
    "driftline_late_events_total",
    "driftline_batches_total",
    "driftline_transactions_total",
    "driftline_producers_rebuilt_total",
    "driftline_windows_published_total",
    "driftline_replays_skipped_total",
    "driftline_torn_total",
    "driftline_alerts_opened_total",
    "driftline_alerts_resolved_total",
    "driftline_retraining_requests_total",
    "driftline_retraining_steps_total",
    "driftline_process_restarts_total",
    "driftline_pairs_joined_total",
    "driftline_pairs_corrected_total",
    "driftline_events_moved_total",
    "driftline_predictions_expired_total",
    "driftline_records_replayed_total",
]
GaugeName = Literal[
    "driftline_lag_records",
    "driftline_last_event_seconds",
    "driftline_rows",
    "driftline_process_up",
    "driftline_labels_waiting",
    "driftline_store_bytes",
]
HistogramName = Literal[
    "driftline_fold_seconds",
    "driftline_transaction_seconds",
]
MetricName = CounterName | GaugeName | HistogramName

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. All have the label `service` before their own."""

    name: MetricName
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    help: str
    labels: tuple[str, ...] = ()


_ALL = (
    # What comes in and what becomes of it: read = counted + dead letters (+ late, counted by the windows).
    Metric("driftline_records_total", "counter", "records", "Kafka records read."),
    Metric("driftline_events_read_total", "counter", "events", "Events in them: rows, for an Arrow batch."),
    Metric("driftline_events_counted_total", "counter", "events", "Events counted in statistics.", ("model",)),
    Metric(
        "driftline_dead_letters_total",
        "counter",
        "events",
        "Events not counted, by reason; the model is empty where it cannot be read.",
        ("model", "reason"),
    ),
    Metric("driftline_late_events_total", "counter", "events", "Events too late for any window.", ("model",)),
    Metric(
        "driftline_last_event_seconds",
        "gauge",
        "Unix time",
        "Newest event time seen; its distance from now is the freshness.",
        ("model",),
    ),
    # The hot loop.
    Metric("driftline_batches_total", "counter", "batches", "Batches folded."),
    Metric("driftline_fold_seconds", "histogram", "seconds", "Decoding and folding one batch."),
    Metric(
        "driftline_transaction_seconds", "histogram", "seconds", "From begin to commit or abort of one transaction."
    ),
    Metric("driftline_transactions_total", "counter", "transactions", "By outcome: committed, aborted.", ("outcome",)),
    Metric("driftline_producers_rebuilt_total", "counter", "producers", "Producers given up after a suspect commit."),
    Metric(
        "driftline_lag_records",
        "gauge",
        "records",
        "Records of a partition that are not yet committed.",
        ("topic", "partition"),
    ),
    # The join of predictions and labels.
    Metric("driftline_pairs_joined_total", "counter", "pairs", "Predictions that got their first label."),
    Metric("driftline_pairs_corrected_total", "counter", "pairs", "Labels that took the place of an earlier one."),
    Metric("driftline_labels_waiting", "gauge", "labels", "Labels that wait for their prediction.", ("partition",)),
    Metric(
        "driftline_events_moved_total",
        "counter",
        "events",
        "Events on a wrong partition: written again by the join, and passed over by drift where they are such copies.",
        ("topic",),
    ),
    Metric("driftline_predictions_expired_total", "counter", "predictions", "Predictions given up by the join."),
    Metric("driftline_store_bytes", "gauge", "bytes", "Size of the join's store, about.", ("partition",)),
    Metric("driftline_records_replayed_total", "counter", "records", "Records read again to rebuild a store."),
    # The control tier.
    Metric("driftline_rows", "gauge", "rows", "Rows held in memory."),
    Metric(
        "driftline_windows_published_total",
        "counter",
        "revisions",
        "Window revisions by kind: early, final, correction.",
        ("model", "kind"),
    ),
    Metric("driftline_replays_skipped_total", "counter", "profiles", "Profiles a row already had."),
    Metric("driftline_torn_total", "counter", "profiles", "Overlaps noticed; each rebuilds a model's rows."),
    Metric("driftline_alerts_opened_total", "counter", "incidents", "Incidents opened.", ("model", "severity")),
    Metric("driftline_alerts_resolved_total", "counter", "incidents", "Incidents resolved.", ("model",)),
    Metric(
        "driftline_retraining_requests_total",
        "counter",
        "requests",
        "Requests for retraining, by policies.",
        ("model", "policy"),
    ),
    Metric(
        "driftline_retraining_steps_total",
        "counter",
        "steps",
        "Steps of retraining runs that were told on model.events; failed is one of them.",
        ("model", "step"),
    ),
    # The supervisor.
    Metric("driftline_process_up", "gauge", "0 or 1", "Whether a supervised program runs.", ("process",)),
    Metric("driftline_process_restarts_total", "counter", "starts", "Starts after the first.", ("process",)),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})


class Metrics:
    """A service's metrics in a registry of their own. May be used from any thread."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        self._made = {metric.name: _make(metric, self.registry) for metric in _ALL}

    def count(self, name: CounterName, n: float = 1, **labels: str) -> None:
        """Adds to a counter. Raises ValueError when the labels are not the metric's."""
        cast("Counter", self._made[name]).labels(service=self._service, **labels).inc(n)

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Sets a gauge. Raises ValueError when the labels are not the metric's."""
        cast("Gauge", self._made[name]).labels(service=self._service, **labels).set(value)

    def observe(self, name: HistogramName, seconds: float, **labels: str) -> None:
        """Takes one measurement. Raises ValueError when the labels are not the metric's."""
        cast("Histogram", self._made[name]).labels(service=self._service, **labels).observe(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)


def _make(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    labels = ("service", *metric.labels)
    match metric.kind:
        case "counter":
            return Counter(metric.name, metric.help, labels, registry=registry)
        case "gauge":
            return Gauge(metric.name, metric.help, labels, registry=registry)
        case "histogram":
            return Histogram(metric.name, metric.help, labels, registry=registry, buckets=_SECONDS)


BEGIN, END = "<!-- metrics: begin -->", "<!-- metrics: end -->"


def table() -> str:
    """The list as a Markdown table."""
    head = ("| metric | kind | unit | labels | what it is |", "| --- | --- | --- | --- | --- |")
    rows = (
        f"| `{one.name}` | {one.kind} | {one.unit} | {', '.join(('service', *one.labels))} | {one.help} |"
        for one in _ALL
    )
    return "\n".join((*head, *rows))


def with_table(page: str) -> str:
    """The page with the table between its markers brought up to date."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_table(target.read_text()))
