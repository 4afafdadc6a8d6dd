"""What the hot loop did, as metrics and health."""

from collections.abc import Callable, Mapping, Sequence

from runtime.hot_loop import Step
from runtime.log.protocol import OutRecord
from runtime.metering import meter_records, meter_turn
from runtime.process import Instruments

TOPIC = "predictions"


class FoldMeter:
    """Counts a batch once it is committed: what was folded and then rewound never happened."""

    def __init__(self, instruments: Instruments, lag: Callable[[], Mapping[int, int]]) -> None:
        self._metrics, self._health = instruments.metrics, instruments.health
        self._lag = lag
        self._folded: Sequence[OutRecord] = ()

    def note(self, records: Sequence[OutRecord]) -> None:
        """Remembers what the batch under way would count."""
        self._folded = records

    def observe(self, step: Step) -> None:
        """Called after every turn of the loop."""
        self._health.beat()
        meter_turn(self._metrics, step)
        if step.outcome == "committed":
            self._health.ready()
            for partition, records in self._lag().items():
                self._metrics.set("driftline_lag_records", records, topic=TOPIC, partition=str(partition))
            meter_records(self._metrics, self._folded)
        self._folded = ()
