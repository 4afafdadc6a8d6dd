"""Evidence is not effect: of the rows beyond their bound, those are told whose change since the onset matters."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stats.detector.expected import Expected
from stats.detector.finding import Finding, Suspect, What
from stats.detector.hours import hour_of_week
from stats.detector.rule import Rule
from stats.detector.volume import Volume
from stats.detector.watched import SPECIAL, WatchedColumns
from stats.jeffreys import Floats, proportions, used_cells
from stats.layout import N
from stats.psi import psi_adj

Pane = tuple[int, NDArray[np.int64]]
"""Start in milliseconds and cells int64[layout.size]."""
History = Callable[[int], Iterable[Pane]]
"""Panes from a start on, the present one last."""

PHI_LIMIT = 5.0
"""More overdispersion than this is not taken off a PSI: it would hide every drift."""


class Gate:
    """Judges effects against one rule."""

    def __init__(
        self, watched: WatchedColumns, expected: Expected, volume: Volume | None, dispersion: Floats, rule: Rule
    ) -> None:
        """`dispersion` [rows]: φ of each row's counts, to be taken off its PSI."""
        self._watched = watched
        self._expected = expected
        self._volume = volume
        self._phi = np.minimum(dispersion, PHI_LIMIT)
        self._rule = rule

    def findings(self, suspects: Sequence[Suspect], history: History) -> list[Finding]:
        """The suspects that pass; asks for history only where there are any."""
        if not suspects:
            return []
        panes = list(history(min(suspect.onset_ms for suspect in suspects)))
        starts = np.array([start for start, _ in panes])
        cells = np.stack([cells for _, cells in panes])
        columns = any(suspect.place < len(self._phi) for suspect in suspects)
        counts = np.stack([self._watched.counts(row) for row in cells]) if columns else None
        found = []
        for suspect in suspects:
            since = np.flatnonzero(starts >= suspect.onset_ms)
            if counts is None or suspect.place == len(self._phi):
                found.append(self._volume_finding(suspect, starts[since], cells[since]))
            else:
                found.append(self._column_finding(suspect, starts[since], cells[since], counts[since, suspect.place]))
        return [finding for finding in found if finding is not None]

    def _column_finding(
        self, suspect: Suspect, starts: NDArray[np.int64], cells: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> Finding | None:
        row, rule = suspect.place, self._rule
        over = self._expected.over(starts.tolist(), counts.sum(-1, keepdims=True), [row])
        shares, m = over.p0[0], float(over.m[0])
        x = counts.sum(0)
        n = int(x.sum())
        reference = np.rint(shares * m).astype(np.int64)
        p, q = proportions(reference, x)
        terms = (q - p) * np.log(q / p)
        change = np.abs(x / max(n, 1) - shares)
        special = len(x) - len(SPECIAL) + int(terms[-len(SPECIAL) :].argmax())
        if terms[special] > terms.sum() / 2 and change[special] >= rule.rate_message:
            what: What = SPECIAL[special - len(x)]
            effect, page = float(change[special]), rule.rate_page
        else:
            what, page = "shape", rule.page
            adjusted = psi_adj(terms.sum(), used_cells(reference, x), max(n, 1), int(m), float(self._phi[row]))
            effect = float(adjusted)
            if effect < rule.message:
                return None
        return _finding(suspect, effect, page, n=n, cells=cells, expected=shares, what=what)

    def _volume_finding(self, suspect: Suspect, starts: NDArray[np.int64], cells: NDArray[np.int64]) -> Finding | None:
        if self._volume is None:
            return None
        n = int(cells[:, N].sum())
        expected = sum(self._volume.expected(hour_of_week(int(start)), self._rule.pane_ms) for start in starts)
        effect = abs(n / expected - 1)
        if effect < self._rule.volume_message:
            return None
        return _finding(
            suspect, effect, self._rule.volume_page, n=n, cells=cells, expected=np.array([expected]), what="volume"
        )


def _finding(
    suspect: Suspect,
    effect: float,
    page: float,
    *,
    n: int,
    cells: NDArray[np.int64],
    expected: Floats,
    what: What,
) -> Finding:
    severity: Literal["message", "page"] = "page" if effect >= page else "message"
    return Finding(
        place=suspect.place,
        log_e=suspect.log_e,
        onset_ms=suspect.onset_ms,
        effect=effect,
        severity=severity,
        n=n,
        cells=cells.sum(0),
        expected=expected,
        what=what,
    )
