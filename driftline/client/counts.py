"""What became of a client's events, for its owner, its log and Prometheus."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary, WeakSet

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_log = logging.getLogger("driftline.client")  # not structlog, which an application may not have set up


@dataclass(frozen=True, slots=True)
class Totals:
    """Events since the client was made, or since the process was forked."""

    sent: int
    """Acknowledged by Kafka."""
    queued: int
    """On their way."""
    failed: Mapping[str, int]
    """Given up after they were queued, by librdkafka's name of the reason."""
    dropped: Mapping[str, int]
    """Never queued, by reason: QUEUE_FULL, CLOSED, or why Driftline would have refused them."""


class Counts:
    """Counts of one client. May be used from any thread; each reason is logged once."""

    def __init__(self, model: str, version: str) -> None:
        self.model = model
        self.version = version
        self.forget()

    def forget(self) -> None:
        """Starts at zero, with a lock of its own: after a fork, somebody else's may be held for ever."""
        self._lock = threading.Lock()
        self._sent = self._queued = 0
        self._failed: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._said: set[str] = set()

    def queued(self, events: int) -> None:
        """They are handed to Kafka's client; a negative number takes that back."""
        with self._lock:
            self._queued += events

    def sent(self, events: int) -> None:
        """Kafka has them."""
        with self._lock:
            self._queued -= events
            self._sent += events

    def failed(self, events: int, reason: str, detail: str) -> None:
        """They were queued, and given up."""
        with self._lock:
            self._queued -= events
            self._failed[reason] += events
        self.say(reason, f"events were not delivered: {detail}")

    def dropped(self, events: int, reason: str, detail: str) -> None:
        """They were not even queued."""
        with self._lock:
            self._dropped[reason] += events
        self.say(reason, f"events were dropped: {detail}")

    def say(self, kind: str, what: str) -> None:
        """One line in the log, the first time that something of the kind happens."""
        with self._lock:
            first = kind not in self._said
            self._said.add(kind)
        if first:
            _log.warning(
                "%s/%s %s: %s (said once; see driftline_client_* metrics)", self.model, self.version, kind, what
            )

    def totals(self) -> Totals:
        """As of now."""
        with self._lock:
            return Totals(self._sent, self._queued, dict(self._failed), dict(self._dropped))


class _Exposition(Collector):
    """The counts of all clients that share a registry."""

    def __init__(self) -> None:
        self.counts: WeakSet[Counts] = WeakSet()

    def collect(self) -> Iterator[Metric]:
        own = ("model", "version")
        sent = CounterMetricFamily("driftline_client_events_sent", "Events that Kafka has.", labels=own)
        failed = CounterMetricFamily(
            "driftline_client_events_failed", "Events given up after they were queued.", labels=(*own, "reason")
        )
        dropped = CounterMetricFamily(
            "driftline_client_events_dropped", "Events that were never queued.", labels=(*own, "reason")
        )
        queued = GaugeMetricFamily("driftline_client_queue_events", "Events on their way.", labels=own)
        by_name: dict[tuple[str, str], Totals] = {}
        for counts in list(self.counts):
            name = counts.model, counts.version
            by_name[name] = _sum(by_name[name], counts.totals()) if name in by_name else counts.totals()
        for name, totals in by_name.items():
            sent.add_metric(name, totals.sent)
            queued.add_metric(name, totals.queued)
            for family, reasons in ((failed, totals.failed), (dropped, totals.dropped)):
                for reason, events in reasons.items():
                    family.add_metric((*name, reason), events)
        yield from (sent, failed, dropped, queued)


def _sum(one: Totals, other: Totals) -> Totals:
    return Totals(
        one.sent + other.sent,
        one.queued + other.queued,
        Counter(one.failed) + Counter(other.failed),
        Counter(one.dropped) + Counter(other.dropped),
    )


_expositions: WeakKeyDictionary[CollectorRegistry, _Exposition] = WeakKeyDictionary()


def expose(counts: Counts, registry: CollectorRegistry) -> None:
    """Adds the counts to a registry, for as long as they are in use."""
    if registry not in _expositions:
        _expositions[registry] = _Exposition()
        registry.register(_expositions[registry])
    _expositions[registry].counts.add(counts)
