"""A triggers process that is killed and reads again; shared by what is tested under crashes."""

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.alert import Alert
from services.triggers.handler import handle

Crash = tuple[int, int, int]
"""(window it dies at, row changes it had stored, window it reads again from)."""


def said(alerts: Iterable[Alert]) -> dict[tuple[str, int], bytes]:
    """Alerts by id and revision; fails where one says two things."""
    found: dict[tuple[str, int], bytes] = {}
    for alert in alerts:
        assert found.setdefault((alert.alert_id, alert.revision), alert.to_json()) == alert.to_json()
    return found


def shaken(history: Any, windows: Sequence[Any], monitor: Any, crashes: Iterable[Crash]) -> Any:
    """The history after all windows, killed on the way."""
    at = 0
    for crash_at, kept, back_to in crashes:
        for window in windows[at:crash_at]:
            history.judge(window, monitor)
        at = max(at, crash_at)
        if at < len(windows):
            decision = handle(windows[at], monitor, history.rows)
            history.alerts += decision.alerts
            history.rows |= dict(list(decision.writes.items())[:kept])
        at = min(at, back_to)
    for window in windows[at:]:
        history.judge(window, monitor)
    return history
