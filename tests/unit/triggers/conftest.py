"""Windows and monitors to judge: one day each, everything within bounds unless told otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.alert import Alert
from schemas.monitor import Detector, Monitor, Threshold
from schemas.window import ColumnWindow, Detection, Finding, Latency, Side, Window
from services.triggers.handler import handle

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
BOUND = 5.5
FIRST_MS = 1_372_636_800_000  # 2013-07-01 00:00 UTC


def _column(**changes: Any) -> ColumnWindow:
    calm = dict.fromkeys(("psi", "psi_adj", "js", "kl", "linf", "ks", "wasserstein"), 0.01)
    shape = {"kind": "numeric", "mean": 12.6, "std": 5.0, "mean_shift": 0.0, "missing_rate": 0.0}
    return ColumnWindow(**{"outcome": "ok", "n": 1_000} | calm | shape | changes)


def _window(day: int = 0, **changes: Any) -> Window:
    version, segment = changes.get("version", "v1"), changes.get("segment", "")
    size_ms = changes.get("size_ms", DAY_MS)
    start_ms = changes.pop("start_ms", FIRST_MS + day * size_ms)
    place = {
        "window_id": f"{version}/{segment}/{size_ms}/{start_ms}",
        "revision": 0,
        "final": True,
        "model": "flights",
        "version": version,
        "segment": segment,
        "start_ms": start_ms,
        "end_ms": start_ms + size_ms,
        "size_ms": size_ms,
        "pane_ms": 3_600_000,
        "baseline_digest": "d01378bed5c9a52b",
    }
    calm = {
        "n": 1_000,
        "violations": {},
        "last_ms": start_ms + 1,
        "status": {"2xx": 1_000, "none": 50},
        "latency_ms": Latency(n=1_000, p50=10.0, p95=20.0, p99=30.0),
        "features": {"dep_delay": _column()},
        "prediction": _column(),
        "score": _column(),
        "prediction_week": _column(),
        "top_features": ("dep_delay",),
    }
    return Window(**place | calm | changes)


def _finding(column: str = "feature/dep_delay", **changes: Any) -> Finding:
    """A shift by 0.3 σ since the first hour, worth a message."""
    place = {"column": column, "what": "shape", "severity": "message", "onset_ms": FIRST_MS, "n": 1_000}
    figures = {"log_e": 11.4, "effect": 0.09, "reference": Side(mean=12.6, std=5.0), "now": Side(mean=14.1, std=5.0)}
    return Finding(**place | figures | changes)


def _pane(hour: int, *findings: Finding, **changes: Any) -> Window:
    """One hour that the detector steps on; evidence of the columns named in `evidence` and of those found."""
    found = {finding.column: finding.log_e for finding in findings}
    evidence = {"feature/dep_delay": 0.3, "prediction/prediction": 0.1} | changes.pop("evidence", {}) | found
    step = Detection(bound=changes.pop("bound", BOUND), panes=hour + 1, evidence=evidence, findings=findings)
    return _window(hour, **{"size_ms": HOUR_MS, "watching": "watching", "detection": step} | changes)


def _monitor(*thresholds: Threshold, **changes: Any) -> Monitor:
    return Monitor(model="flights", thresholds=thresholds, **changes)


class History:
    """Alerts and rows after windows were judged one by one, as the service would have them."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.alerts: list[Alert] = []

    def judge(self, window: Window, monitor: Monitor | None = None) -> list[Alert]:
        """Judges one window; returns the alerts it brought."""
        decision = handle(window, monitor, self.rows)
        self.alerts += decision.alerts
        for key, value in decision.writes.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value
        return list(decision.alerts)


class Make:
    """What tests are made of."""

    column = staticmethod(_column)
    window = staticmethod(_window)
    finding = staticmethod(_finding)
    pane = staticmethod(_pane)
    monitor = staticmethod(_monitor)
    history = History


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def watch() -> Callable[..., Monitor]:
    """Monitors without thresholds, whose detector resolves after two quiet panes."""
    return lambda **changes: _monitor(detector=Detector(**{"resolve_after": 2} | changes))
