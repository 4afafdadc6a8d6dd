"""The classical rule beside the detector: χ² over the last 1, 2, 4 … 128 panes, corrected for all of them.

Of F rows in W windows at every pane, one is found where its p-value is at most budget/(F · W · panes a month)
(Bonferroni) and its effect passes the same gate. Simple to explain, but χ² of rare categories is no χ²: with
them its false alarms are not bounded.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from stats.chi2 import chi2, chi2_p
from stats.detector.basis import Basis
from stats.detector.finding import Finding, Suspect
from stats.detector.gate import History
from stats.detector.hours import hour_of_week
from stats.detector.rule import Rule
from stats.detector.season import Season
from stats.jeffreys import Floats
from stats.layout import Layout, N
from stats.psi import COUNTS_A_CELL

WINDOWS = (1, 2, 4, 8, 16, 32, 64, 128)
"""In panes."""
_COCHRAN = 5
"""Cells that expect fewer events are taken together."""
_LEAST_P = 1e-300
_HEADER = struct.Struct("<H")


@dataclass(frozen=True, slots=True, eq=False)
class WindowState:
    """Windows reach back no further than this."""

    since_ms: NDArray[np.int64]
    """[F]: end of the pane each row was last found in."""

    def to_bytes(self) -> bytes:
        """Little-endian, after the number of rows."""
        return _HEADER.pack(self.since_ms.size) + self.since_ms.astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "WindowState":
        """The state that `to_bytes` wrote. Raises ValueError for other bytes."""
        (rows,) = _HEADER.unpack_from(data)
        if len(data) != _HEADER.size + 8 * rows:
            raise ValueError("no state of windows: start the rule anew")
        return cls(np.frombuffer(data, "<i8", rows, _HEADER.size).astype(np.int64))


class MultiWindow:
    """One model version's windows; `step` is that of the detector. Without a season volume is not judged."""

    def __init__(self, layout: Layout, season: Season | None, rule: Rule) -> None:
        basis = Basis(layout, season, rule)
        self.rule = rule
        self.watched = basis.watched
        self.bound = rule.bound(len(self.watched.names) * len(WINDOWS))
        self._expected, self._volume, self._gate = basis.expected, basis.volume, basis.gate
        self._phi = basis.phi.max(-1, initial=1.0)

    def start(self) -> WindowState:
        """The state before the first pane."""
        return WindowState(np.zeros(len(self.watched.names), np.int64))

    def step(
        self, state: WindowState, start_ms: int, cells: NDArray[np.int64], history: History
    ) -> tuple[WindowState, Floats, list[Finding]]:
        """Takes one pane, int64[layout.size]; `history` is asked for the last 128 at every step.

        Returns the state, −ln p of every row's most significant window [F] (0 where none has enough events), and what
        was found.
        """
        if state.since_ms.size != len(self.watched.names):
            raise ValueError("the state belongs to another baseline: start the rule anew")
        pane_ms = self.rule.pane_ms
        panes = list(history(start_ms - (WINDOWS[-1] - 1) * pane_ms)) or [(start_ms, cells)]
        starts = np.array([start for start, _ in panes], np.int64)
        counts = np.stack([self.watched.counts(row) for _, row in panes])
        events = np.array([row[N] for _, row in panes], np.int64)
        first_ms = np.array([start_ms - (window - 1) * pane_ms for window in WINDOWS], np.int64)
        begins = np.searchsorted(starts, first_ms)
        evidence = np.stack(
            [
                np.append(
                    self._columns(starts[begin:], counts[begin:]),
                    self._events(starts[begin:], events[begin:]),
                )
                for begin in begins
            ]
        )
        evidence[first_ms[:, np.newaxis] < state.since_ms] = 0.0
        best, greatest = evidence.argmax(0), evidence.max(0)
        suspects = [
            Suspect(int(row), float(greatest[row]), int(first_ms[best[row]]))
            for row in np.flatnonzero(greatest >= self.bound)
        ]
        found = self._gate.findings(suspects, history)
        since = state.since_ms.copy()
        since[[finding.place for finding in found]] = start_ms + pane_ms
        return WindowState(since), greatest, found

    def _columns(self, starts: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
        """−ln p of every row but volume over the panes of one window."""
        shares = self._expected.over(starts.tolist(), counts.sum(-1), slice(None))
        x = counts.sum(0)
        size = np.minimum(x.sum(-1) / self._phi, shares.m)
        common = shares.p0 * size[:, np.newaxis] >= _COCHRAN
        x = _merged(x, common)
        reference = _merged(np.rint(shares.p0 * shares.m[:, np.newaxis]).astype(np.int64), common)
        n, m = x.sum(-1), reference.sum(-1)
        enough = np.minimum(n, m) >= COUNTS_A_CELL * np.maximum(common.sum(-1), 2)
        some = enough[:, np.newaxis]
        x, reference = np.where(some, x, 1), np.where(some, reference, 1)
        p = chi2_p(*chi2(reference, x), np.maximum(n, 1), np.maximum(m, 1), self._phi)
        return np.where(enough, -np.log(np.maximum(p, _LEAST_P)), 0.0)

    def _events(self, starts: NDArray[np.int64], events: NDArray[np.int64]) -> float:
        """−ln p of the volume over the panes of one window, beyond what is tolerated."""
        if self._volume is None:
            return 0.0
        mean = sum(self._volume.expected(hour_of_week(int(start)), self.rule.pane_ms) for start in starts)
        beyond = max(0.0, abs(float(events.sum()) - mean) - self.rule.volume_tolerance * mean)
        p = float(chdtrc(1, beyond**2 / (self._volume.phi * mean)))
        return float(-np.log(max(p, _LEAST_P)))


def _merged(counts: NDArray[np.int64], common: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Counts [rows, K] with one cell more that holds those not common."""
    rare = np.where(common, 0, counts).sum(-1, keepdims=True)
    return np.concatenate((np.where(common, counts, 0), rare), -1)
