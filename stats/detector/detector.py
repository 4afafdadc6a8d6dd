"""The e-Shiryaev-Roberts detector: when a column, the confidence or the volume has drifted, and since when.

Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential change detection, New England
Journal of Statistics in Data Science 2023, arXiv 2203.03532. Each row mixes e-values L of many alternatives:

    ln R ← ln(1 + R) + L/φ;   finding where ln Σ w R ≥ ln(F · panes a month / budget) and the effect matters

Without drift, E[Σ w R] after t panes is at most t, whatever the dependence between rows, so that all F rows together
raise at most `budget` false alarms a month in expectation (docs/statistics.md).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stats.detector.alternatives import HALF_LIVES, log_beliefs
from stats.detector.basis import Basis
from stats.detector.evidence import Weights, decayed, log_e_values, weights_of
from stats.detector.expected import Shares
from stats.detector.finding import Finding, Suspect
from stats.detector.gate import History
from stats.detector.hours import hour_of_week
from stats.detector.rule import Rule
from stats.detector.season import Season
from stats.detector.state import State
from stats.detector.volume import LOG_BELIEFS
from stats.jeffreys import Floats
from stats.layout import Layout, N

__all__ = ["Detector", "Finding", "History", "Rule", "State"]

_ROUNDED = np.float32
_NEVER = _ROUNDED(-np.inf)


class Detector:
    """One model version's detector; immutable but for the weights it keeps, so that many segments may share it.

    Without a season every hour has the pooled reference, nothing is inflated, and volume is not judged.
    """

    def __init__(self, layout: Layout, season: Season | None, rule: Rule) -> None:
        basis = Basis(layout, season, rule)
        self.rule = rule
        self.watched = basis.watched
        rows, components = basis.phi.shape
        shape = (rows + 1, components)
        self.bound = rule.bound(rows + 1)
        self._shape = shape
        self._expected, self._volume, self._gate = basis.expected, basis.volume, basis.gate
        self._phi = basis.phi
        self._log_beliefs = np.full(shape, -np.inf)
        self._log_beliefs[:rows] = log_beliefs(self.watched.live, self.watched.ordered)
        if season is not None:
            self._log_beliefs[rows, : LOG_BELIEFS.size] = LOG_BELIEFS
        self._shared = np.setdiff1d(np.arange(rows), self._expected.seasonal)
        self._pooled = self._weights(self._expected.pooled, self._shared)
        self._by_hour: dict[int, Weights] = {}

    def start(self) -> State:
        """The state before the first pane."""
        rows, width = self._shape
        return State(
            log_r=np.full((rows, width), _NEVER),
            cusum=np.zeros((rows, width), np.float32),
            onset=np.zeros((rows, width), np.uint32),
            past=np.zeros((len(HALF_LIVES), *self.watched.reference.shape), np.float32),
        )

    def step(
        self, state: State, start_ms: int, cells: NDArray[np.int64], history: History
    ) -> tuple[State, Floats, list[Finding]]:
        """Takes one pane, int64[layout.size], that has events and follows those stepped before.

        Returns the state after it, ln Σ w R of every row [F], and what was found. `history` gives the panes from
        a start on, the present one last, and is asked only where a row is beyond the bound. A row that was found
        starts anew. Raises ValueError for a state of another baseline.
        """
        if state.log_r.shape != self._shape or state.past.shape[1:] != self.watched.reference.shape:
            raise ValueError("the state belongs to another baseline: start the detector anew")
        counts = self.watched.counts(cells).astype(np.float64)
        gained = self._gained(state, hour_of_week(start_ms), counts, int(cells[N]))
        after = self._after(state, start_ms // self.rule.pane_ms, gained, counts)
        log_e = self._mixed(after)
        findings = self._gate.findings(self._suspects(after, log_e), history)
        return _anew(after, [finding.place for finding in findings]), log_e, findings

    def _weights(self, shares: Shares, rows: NDArray[np.intp]) -> Weights:
        of_rows = Shares(shares.p0[rows], shares.m[rows])
        return weights_of(of_rows, self.watched.live[rows], z=self.rule.z, tolerance=self.rule.tolerance)

    def _of_hour(self, hour: int) -> Weights:
        """The seasonal rows' weights, kept once made."""
        if hour not in self._by_hour:
            self._by_hour[hour] = self._weights(self._expected.at(hour), self._expected.seasonal)
        return self._by_hour[hour]

    def _gained(self, state: State, hour: int, counts: Floats, n: int) -> Floats:
        """Every component's L/φ of this pane, [F, G]."""
        gained = np.zeros(self._shape)
        for rows, weights in ((self._shared, self._pooled), (self._expected.seasonal, self._of_hour(hour))):
            gained[rows] = log_e_values(weights, counts[rows], state.past[:, rows])
        gained[:-1] /= self._phi
        if self._volume is not None:
            rule = self.rule
            gained[-1, : LOG_BELIEFS.size] = self._volume.log_e_values(
                n, hour, rule.pane_ms, z=rule.z, tolerance=rule.volume_tolerance
            )
        return gained

    def _after(self, state: State, pane: int, gained: Floats, counts: Floats) -> State:
        fresh = state.cusum <= 0
        return State(
            log_r=(_log_one_plus(state.log_r) + gained).astype(_ROUNDED),
            cusum=np.maximum(state.cusum + gained, 0).astype(_ROUNDED),
            onset=np.where(fresh, np.uint32(pane), state.onset),
            past=decayed(state.past, counts).astype(_ROUNDED),
        )

    def _mixed(self, state: State) -> Floats:
        weighted = state.log_r + self._log_beliefs
        top = np.maximum(weighted.max(-1, keepdims=True), np.finfo(np.float64).min)
        with np.errstate(divide="ignore"):
            return np.asarray(top[:, 0] + np.log(np.exp(weighted - top).sum(-1)))

    def _suspects(self, state: State, log_e: Floats) -> Sequence[Suspect]:
        """Rows beyond the bound, with the onset of the component that says most."""
        best = (state.log_r + self._log_beliefs).argmax(-1)
        return [
            Suspect(int(row), float(log_e[row]), int(state.onset[row, best[row]]) * self.rule.pane_ms)
            for row in np.flatnonzero(log_e >= self.bound)
        ]


def _log_one_plus(log_r: NDArray[np.float32]) -> NDArray[np.float32]:
    """ln(1 + R): np.logaddexp(0, ln R), six times as fast."""
    return np.asarray(np.maximum(log_r, 0) + np.log1p(np.exp(-np.abs(log_r))))


def _anew(state: State, found: Sequence[int]) -> State:
    """The state with the rows that were found back at the start."""
    if not found:
        return state
    log_r, cusum, past = state.log_r.copy(), state.cusum.copy(), state.past.copy()
    log_r[found], cusum[found] = _NEVER, 0
    past[:, [row for row in found if row < past.shape[1]]] = 0
    return replace(state, log_r=log_r, cusum=cusum, past=past)
