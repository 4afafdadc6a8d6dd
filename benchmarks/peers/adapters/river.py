"""River: ADWIN over the values of each numeric feature, one by one."""

from collections.abc import Callable, Mapping
from typing import Any

from river.drift import ADWIN


def _scorer(given: Mapping[str, Any]) -> Callable[[], object]:
    rows = given["window_numeric"].T.tolist()

    def run() -> None:
        detectors = [ADWIN() for _ in given["window_numeric"]]
        for row in rows:
            for detector, value in zip(detectors, row, strict=True):
                detector.update(value)

    return run


SCORERS = {"ADWIN": _scorer}


def alarms(given: Mapping[str, Any]) -> list[list[bool]]:
    """[features][panes]: whether ADWIN, on the stream of values, saw a change in the pane."""
    n, found = int(given["n"]), []
    for values in given["window_numeric"].tolist():
        detector, seen = ADWIN(), []
        for start in range(0, len(values), n):
            changed = False
            for value in values[start : start + n]:
                detector.update(value)
                changed |= detector.drift_detected
            seen.append(bool(changed))
        found.append(seen)
    return found
