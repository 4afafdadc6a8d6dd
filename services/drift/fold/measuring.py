"""What the hot loop did, as metrics and health."""

from collections.abc import Callable, Mapping, Sequence

from runtime.hot_loop import Step
from runtime.log.protocol import OutRecord
from runtime.process import Instruments
from schemas.dead_letter import DeadLetter
from schemas.ledger import Ledger

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
        if step.outcome in {"committed", "rewound"}:
            outcome = "committed" if step.outcome == "committed" else "aborted"
            self._metrics.count("driftline_transactions_total", outcome=outcome)
            self._metrics.observe("driftline_transaction_seconds", step.commit_s)
        if step.outcome == "committed":
            self._health.ready()
            for partition, records in self._lag().items():
                self._metrics.set("driftline_lag_records", records, topic=TOPIC, partition=str(partition))
            if step.batch is not None and step.batch.messages:
                self._metrics.count("driftline_batches_total")
                self._metrics.observe("driftline_fold_seconds", step.fold_s)
                self._count()
        self._folded = ()

    def _count(self) -> None:
        for record in self._folded:
            if record.topic == "dead-letters":
                letter = DeadLetter.model_validate_json(record.value)
                self._metrics.count("driftline_dead_letters_total", model=letter.model or "", reason=letter.reason)
            elif record.topic == "ledger":
                account = Ledger.model_validate_json(record.value)
                self._metrics.count("driftline_records_total", account.records)
                self._metrics.count("driftline_events_read_total", account.events)
                for model, events in account.counted.items():
                    self._metrics.count("driftline_events_counted_total", events, model=model)
