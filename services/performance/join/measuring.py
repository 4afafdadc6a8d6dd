"""What the join did, as metrics and health."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from runtime.clock import Clock
from runtime.hot_loop import Step
from runtime.log.protocol import OutRecord
from runtime.metering import meter_records, meter_turn
from runtime.process import Instruments
from services.performance.join.join import Planned
from services.performance.join.store import JoinStore
from services.performance.join.stores import Replayed

_TELL_EVERY_S = 5.0

_logger = structlog.get_logger(__name__)


class JoinMeter:
    """Counts a batch once it is committed: what was planned and then rewound never happened."""

    def __init__(self, instruments: Instruments, clock: Clock) -> None:
        self._metrics, self._health = instruments.metrics, instruments.health
        self._clock = clock
        self._planned: list[Planned] = []
        self._records: Sequence[OutRecord] = ()
        self._told_s = -_TELL_EVERY_S

    def note(self, planned: Planned) -> None:
        """Remembers what the batch under way would count."""
        self._planned.append(planned)

    def joined(self, records: Sequence[OutRecord]) -> None:
        """Remembers what it would write."""
        self._records = records

    def replayed(self, step: Replayed) -> None:
        """Called after every step of a replay: health and log say that there is one."""
        self._health.beat()
        self._metrics.count("driftline_records_replayed_total", step.records)
        now_s = self._clock.monotonic()
        if step.left and now_s - self._told_s < _TELL_EVERY_S:
            return
        self._told_s = now_s
        what = f"partition {step.partition} is read again: {step.left:,} offsets to go"
        self._health.wait_for(what)
        _logger.info("replaying" if step.left else "replayed", partition=step.partition, offsets_left=step.left)

    def observe(self, step: Step, lag: Callable[[], Mapping[int, int]], stores: Mapping[int, JoinStore]) -> None:
        """Called after every turn of the loop; stores by partition, as they are now."""
        self._health.beat()
        meter_turn(self._metrics, step)
        if step.outcome == "committed" and step.batch is not None:
            self._health.ready()
            ranges = step.batch.ranges
            for place, records in lag().items():
                if place in ranges:
                    topic, partition = ranges[place].topic, str(ranges[place].partition)
                    self._metrics.set("driftline_lag_records", records, topic=topic, partition=partition)
            for number, store in stores.items():
                self._metrics.set("driftline_labels_waiting", store.state.waiting, partition=str(number))
                self._metrics.set("driftline_store_bytes", store.size_bytes(), partition=str(number))
            self._count()
            meter_records(self._metrics, self._records)
        self._planned, self._records = [], ()

    def _count(self) -> None:
        for planned in self._planned:
            counters = planned.counters
            self._metrics.count("driftline_pairs_joined_total", counters["joined"])
            self._metrics.count("driftline_pairs_corrected_total", counters["corrected"])
            self._metrics.count("driftline_predictions_expired_total", counters["expired"])
