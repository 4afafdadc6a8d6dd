"""What every hot loop counts: its turns, and what the records say that it wrote."""

from collections.abc import Iterable

from runtime.hot_loop import Step
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from schemas.dead_letter import DeadLetter
from schemas.ledger import Ledger


def meter_turn(metrics: Metrics, step: Step) -> None:
    """Counts a transaction, and the batch where it had records."""
    if step.outcome in {"committed", "rewound"}:
        outcome = "committed" if step.outcome == "committed" else "aborted"
        metrics.count("driftline_transactions_total", outcome=outcome)
        metrics.observe("driftline_transaction_seconds", step.commit_s)
    if step.outcome == "committed" and step.batch is not None and step.batch.messages:
        metrics.count("driftline_batches_total")
        metrics.observe("driftline_fold_seconds", step.fold_s)


def meter_records(metrics: Metrics, written: Iterable[OutRecord]) -> None:
    """Counts what committed records account for: dead letters, and the ledger's events."""
    for record in written:
        if record.topic == "dead-letters":
            letter = DeadLetter.model_validate_json(record.value)
            metrics.count("driftline_dead_letters_total", model=letter.model or "", reason=letter.reason)
        elif record.topic == "ledger":
            account = Ledger.model_validate_json(record.value)
            metrics.count("driftline_records_total", account.records)
            metrics.count("driftline_events_read_total", account.events)
            if account.moved:
                metrics.count("driftline_events_moved_total", account.moved, topic=account.source.topic)
            for model, events in account.counted.items():
                metrics.count("driftline_events_counted_total", events, model=model)
