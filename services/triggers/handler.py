"""What a window does: the alerts it brings, and the rows to remember.

Pure: the same input gives the same output. Rows come in kinds, named by the first element of their key:
`thresholds` is one series of windows (series.py), `monitor` the digest of the monitor a model was judged by
last. A further judge of windows adds a kind of its own, and its call to `handle`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.window import Window
from services.triggers.series import Series, SeriesKey
from services.triggers.thresholds import judge, withdraw

Rows = Mapping[bytes, bytes]


class Decision(NamedTuple):
    """Alerts to publish, in order, and then the rows to write, in order."""

    alerts: tuple[Alert, ...] = ()
    writes: Mapping[bytes, bytes | None] = {}


def handle(window: Window, monitor: Monitor | None, rows: Rows) -> Decision:
    """Judges one window. `monitor` is None where none was applied; `rows` are of the window's partition.

    Only final windows that move their series on are judged: what is replayed or overtaken changes nothing.
    The row of the window's own series is written last: after a crash in between, it is judged again, alike.
    """
    if not window.final:
        return Decision()
    monitor = monitor or Monitor(model=window.model)
    key = SeriesKey.of(window)
    row = rows.get(key.to_bytes())
    judged = judge(window, monitor, Series.model_validate_json(row) if row is not None else None)
    if judged is None:
        return Decision()
    alerts: list[Alert] = []
    writes: dict[bytes, bytes | None] = {}
    monitor_key, digest = _monitor_row(monitor)
    if rows.get(monitor_key) != digest:
        for other, series in _other_series(key, rows):
            withdrawn = withdraw(other, series, monitor, window.end_ms)
            alerts += withdrawn.alerts
            if withdrawn.series is not None:
                writes[other.to_bytes()] = withdrawn.series.to_json()
        writes[monitor_key] = digest
    if judged.series is not None:
        writes[key.to_bytes()] = judged.series.to_json()
    return Decision((*alerts, *judged.alerts), writes)


def _monitor_row(monitor: Monitor) -> tuple[bytes, bytes]:
    key = json.dumps(("monitor", monitor.model), ensure_ascii=False, separators=(",", ":")).encode()
    return key, hashlib.sha256(monitor.to_json()).hexdigest()[:16].encode()


def _other_series(key: SeriesKey, rows: Rows) -> Iterator[tuple[SeriesKey, Series]]:
    """Every other series of the model, in the order of their keys."""
    for name in sorted(rows):
        other = SeriesKey.from_bytes(name, key.model)
        if other is not None and other != key:
            yield other, Series.model_validate_json(rows[name])
