"""How far event time has surely gone in a `labels` partition that says nothing.

Predictions are kept until both topics have passed their expiry. A topic of labels that is silent passes nothing, and
would keep every prediction for ever. What may stand in for its watermark is the one that predictions had a day of wall
time ago, while labels are read to their end: a label that is lost by it was written more than a day after predictions
had passed its prediction's horizon by SLACK_MS. That also holds for streams that are replayed at any speed: labels may
be loaded a day after all predictions.

It lets predictions expire and does nothing else. What is told (joined, orphaned, waiting) rests on the records read, so
that a process killed at any moment tells it once.
"""

from services.performance.join.store import State

PATIENCE_MS = 86_400_000

Noted = tuple[int, int]
"""(wall clock, watermark of predictions then), in milliseconds."""


def quiet_ms(state: State, wall_ms: int, *, labels_at_end: bool) -> int:
    """The event time that labels have surely passed; 0 where nothing is sure."""
    noted_ms, predictions_ms = state.noted
    return predictions_ms if labels_at_end and noted_ms and wall_ms - noted_ms >= PATIENCE_MS else 0


def noted(state: State, wall_ms: int) -> Noted:
    """What to keep in mind for later: every so often the watermark as it is."""
    noted_ms, _ = state.noted
    return state.noted if noted_ms and wall_ms - noted_ms < PATIENCE_MS else (wall_ms, state.predictions_ms)
