"""A calendar told by event time: a time has come once a window of data ends at it or after."""

from datetime import UTC, datetime

from cronsim import CronSim

from schemas.retraining_policy import CalendarPolicy
from schemas.window import Window
from services.triggers.policies.sight import Run, Scene, Sight
from services.triggers.summary import instant


def look(policy: CalendarPolicy, scene: Scene) -> Sight | None:
    """Whether a time lies between the end of the window before and this one's; the first window has none before it."""
    window = scene.window
    if not isinstance(window, Window) or window.size_ms != min(spec.size for spec in scene.monitor.windows):
        return None
    due_ms = next_ms(policy.cron, scene.before.end_ms) if scene.before is not None else None

    def tell(run: Run) -> str:
        del run
        return f"Due at {instant(window.end_ms if due_ms is None else due_ms)} UTC by the calendar ({policy.cron})."

    return Sight(beyond=due_ms is not None and due_ms <= window.end_ms, amount=1, wanted=1, tell=tell, lapses=True)


def next_ms(cron: str, after_ms: int) -> int:
    """The first time of a cron expression after another; milliseconds since 1970, UTC."""
    return round(next(CronSim(cron, datetime.fromtimestamp(after_ms / 1_000, UTC))).timestamp() * 1_000)
