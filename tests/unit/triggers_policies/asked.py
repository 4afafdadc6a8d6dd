"""A triggers service that is shown windows one by one, and what it asks for."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from schemas.monitor import Detector, Monitor
from schemas.performance import ConceptDetector, Performance
from schemas.retraining import RetrainingRequest
from schemas.retraining_policy import RetrainingPolicy
from schemas.windowing import WindowSpec
from services.triggers.handler import handle
from services.triggers.series import AnyWindow

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FIRST_MS = 1_372_636_800_000  # 2013-07-01 00:00 UTC
SIZES = (WindowSpec(size=HOUR_MS), WindowSpec(size=DAY_MS), WindowSpec(size=7 * DAY_MS, slide=DAY_MS))
_POLICY: TypeAdapter[RetrainingPolicy] = TypeAdapter(RetrainingPolicy)


def policy(kind: str, name: str = "mine", **fields: Any) -> RetrainingPolicy:
    """One policy; its cooldown is a day unless told otherwise."""
    return _POLICY.validate_python({"kind": kind, "name": name, "cooldown": "1d"} | fields)


def worse(name: str = "mine", **fields: Any) -> RetrainingPolicy:
    """Accuracy below 0.75 in a day of cohorts."""
    return policy("performance", name, **{"metric": "accuracy", "below": 0.75, "sure": False} | fields)


def monitor(*policies: RetrainingPolicy, **changes: Any) -> Monitor:
    """Hours, days and weeks; no thresholds; detectors that resolve after two quiet panes."""
    performance = Performance(windows=SIZES, thresholds=(), detector=ConceptDetector(resolve_after=2))
    detector = Detector(resolve_after=2)
    place = {"windows": SIZES, "thresholds": (), "performance": performance, "detector": detector}
    return Monitor(model="flights", retraining=policies, **place | changes)


class Service:
    """Rows and requests after windows were judged one by one."""

    def __init__(self, watched: Monitor, snoozed_until_ms: int | None = None) -> None:
        self.monitor = watched
        self.snoozed_until_ms = snoozed_until_ms
        self.rows: dict[bytes, bytes] = {}
        self.requests: list[RetrainingRequest] = []

    def see(self, window: AnyWindow, kept: int | None = None) -> list[RetrainingRequest]:
        """Judges one window; of the rows only the first `kept` stay, if it crashes there."""
        decision = handle(window, self.monitor, self.rows, self.snoozed_until_ms)
        self.requests += decision.requests
        writes = list(decision.writes.items())[:kept]
        self.rows |= {key: value for key, value in writes if value is not None}
        return list(decision.requests)

    def days(self, windows: Iterable[AnyWindow]) -> list[int]:
        """Which of the windows brought a request, by number."""
        return [number for number, window in enumerate(windows) if self.see(window)]
