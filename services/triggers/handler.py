"""What a window does: the alerts and requests it brings, and the rows to remember.

Pure: the same input gives the same output. Rows come in kinds, named by the first element of their key: of each
judge one row a series of windows (series.py), `monitor`, the digest of the monitor a model was judged by last, and
`policies`, what its retraining policies remember. A further judge of windows adds a kind of series and its line to
`JUDGES`, a further kind of policy its line to `policies.asking.LOOKS`.
"""

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow
from schemas.retraining import RetrainingRequest
from schemas.window import Window
from services.triggers import concept, detector, fairness, performance, thresholds
from services.triggers.policies.asking import ask
from services.triggers.series import AnyWindow, Judged, Kind, Past, Series, SeriesKey

Rows = Mapping[bytes, bytes]
W = TypeVar("W", Window, PerformanceWindow)


class Decision(NamedTuple):
    """Alerts and requests to publish, in order, and then the rows to write, in order."""

    alerts: tuple[Alert, ...] = ()
    writes: Mapping[bytes, bytes | None] = {}
    requests: tuple[RetrainingRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge(Generic[W]):
    """One way to judge one type of windows."""

    of: type[W]
    judge: Callable[[W, Monitor, Past], Mapping[SeriesKey, Judged]]
    """What a final window makes of its series; without those that it does not move on."""
    withdraw: Callable[[SeriesKey, Series, Monitor, int], Judged]
    """What a changed monitor makes of a series whose own windows may come no more; the time is event time."""


JUDGES: Mapping[Kind, Judge[Any]] = MappingProxyType(
    {
        "detector": Judge(Window, detector.judge, detector.withdraw),
        "thresholds": Judge(Window, thresholds.judge, thresholds.withdraw),
        "performance": Judge(PerformanceWindow, performance.judge, performance.withdraw),
        "concept": Judge(PerformanceWindow, concept.judge, concept.withdraw),
        "fairness": Judge(PerformanceWindow, fairness.judge, fairness.withdraw),
    }
)


def handle(window: AnyWindow, monitor: Monitor | None, rows: Rows, snoozed_until_ms: int | None = None) -> Decision:
    """Judges one window. `monitor` is None where none was applied; `rows` are of the window's partition.

    Only final windows that move a series on are judged: what is replayed or overtaken changes nothing.
    The rows of the window's own series are written last: after a crash in between, it is judged again, alike;
    each carries its own position, so that it does not matter which of them were written. Behind them comes what the
    policies remember: they are shown the incidents as they are after the window.
    """
    if not window.final:
        return Decision()
    monitor = monitor or Monitor(model=window.model)
    alerts, writes = _alerts(window, monitor, rows)
    if not monitor.retraining:
        return Decision(alerts, writes)
    asking = ask(window, monitor, rows, _past(writes, rows), snoozed_until_ms)
    return Decision(alerts, {**writes, **asking.writes}, asking.requests)


def _alerts(window: AnyWindow, monitor: Monitor, rows: Rows) -> tuple[tuple[Alert, ...], dict[bytes, bytes | None]]:
    own = _judged(window, monitor, _past(rows))
    if not own:
        return (), {}
    others: dict[SeriesKey, Judged] = {}
    known: dict[bytes, bytes | None] = {}
    monitor_key, digest = _monitor_row(monitor)
    if rows.get(monitor_key) != digest:
        for key, series in _other_series(window.model, own, rows):
            others[key] = JUDGES[key.kind].withdraw(key, series, monitor, window.end_ms)
        known[monitor_key] = digest
    alerts = tuple(alert for judged in (*others.values(), *own.values()) for alert in judged.alerts)
    return alerts, _rows_of(others) | known | _rows_of(own)


def _past(rows: Mapping[bytes, bytes | None], before: Rows = MappingProxyType({})) -> Past:
    """What rows remember; those of `before` where they have none."""

    def past(key: SeriesKey) -> Series | None:
        name = key.to_bytes()
        row = rows.get(name) or before.get(name)
        return Series.model_validate_json(row) if row is not None else None

    return past


def _judged(window: AnyWindow, monitor: Monitor, past: Past) -> dict[SeriesKey, Judged]:
    own: dict[SeriesKey, Judged] = {}
    for judge in JUDGES.values():
        if isinstance(window, judge.of):
            own |= judge.judge(window, monitor, past)
    return own


def _other_series(model: str, own: Container[SeriesKey], rows: Rows) -> Iterator[tuple[SeriesKey, Series]]:
    """Every other series of the model, in the order of their keys."""
    for name in sorted(rows):
        key = SeriesKey.from_bytes(name, model)
        if key is not None and key not in own:
            yield key, Series.model_validate_json(rows[name])


def _rows_of(judged: Mapping[SeriesKey, Judged]) -> dict[bytes, bytes | None]:
    return {key.to_bytes(): made.series.to_json() for key, made in judged.items() if made.series is not None}


def _monitor_row(monitor: Monitor) -> tuple[bytes, bytes]:
    key = json.dumps(("monitor", monitor.model), ensure_ascii=False, separators=(",", ":")).encode()
    return key, hashlib.sha256(monitor.to_json()).hexdigest()[:16].encode()
