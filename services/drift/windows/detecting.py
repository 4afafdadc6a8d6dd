"""The drift detector's step on a pane that has closed, in order, once a pane: its row says how far it has come.

A version whose baseline came without times first teaches its own seasons: until then it is `learning`.

Panes' rows are written first, the detector's after them, and what is published about the panes last. A crash in between
leaves either a step that is made again, or one that is read from its pane's row: the same window, byte for byte.
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from zipfile import BadZipFile

import numpy as np
import structlog
from numpy.typing import NDArray

from runtime.cells import Cells
from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from schemas.baseline import Baseline
from schemas.monitor import Detector as DetectorSpec
from schemas.monitor import Monitor
from schemas.window import Detection, Watching
from services.drift.windows.findings import finding_of
from services.drift.windows.rows import DetectorRow, PaneRow
from stats.detector.detector import Detector, Finding, History, Rule
from stats.detector.multiwindow import MultiWindow
from stats.detector.season import Season, learn
from stats.detector.watched import WatchedColumns
from stats.layout import Layout, N

_FORM = b"1"
"""Of the states as they are stored: another one starts every detector afresh."""
SHORTEST_BURN_IN = 24
"""Panes; fewer teach nothing of their spread."""
KEPT_PANES = 336
"""Two weeks of hours: what an effect is measured over at most, and a season learned from."""


class Stepping(Protocol):
    """What the rules have in common; a rule's states are its own."""

    watched: WatchedColumns
    bound: float

    def start(self) -> Any:
        """The state before the first pane."""
        ...

    def step(
        self, state: Any, start_ms: int, cells: Cells, history: History
    ) -> tuple[Any, NDArray[np.float64], list[Finding]]:
        """(state after the pane, ln of every row's evidence, what was found)."""
        ...


_REBUILD = "build the baseline again with `driftline baseline build`; production teaches the season meanwhile"
_logger = structlog.get_logger(__name__)

RULES: Mapping[str, Callable[[Layout, Season, Rule], Stepping]] = {"e-sr": Detector, "windows": MultiWindow}
"""By the monitor's word for it."""


class Standing(NamedTuple):
    """Where the detector of a version stands, as every window tells."""

    watching: Watching
    learned_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pane:
    """A window that the detector steps on."""

    window: WindowKey
    monitor: Monitor
    baseline: Baseline
    layout: Layout
    cells: Cells
    """Its events, folded with the layout."""


def is_pane(window: WindowKey, monitor: Monitor) -> bool:
    """Whether the detector steps on windows of this segment, size and start."""
    pane_ms = monitor.detector_pane_ms
    return monitor.detects and not window.segment and window.size_ms == pane_ms and window.start_ms % pane_ms == 0


def standing(book: Book, window: WindowKey, monitor: Monitor, baseline: Baseline | None, *, final: bool) -> Standing:
    """Whether verdicts were given by the window's end, or how much had been learned: in whole panes."""
    if not monitor.detects:
        return Standing("off")
    if baseline is None:
        return Standing("learning", 0)
    if baseline.season is not None:
        return Standing("watching")
    row = _row(book, window.version, _identity(baseline, monitor.detector))
    if row is None:
        return Standing("learning", 0)
    if row.taught_ms is not None and window.end_ms > row.taught_ms:
        return Standing("watching")
    pane_ms = monitor.detector_pane_ms
    reached_ms = window.end_ms if final else min(window.end_ms, row.kept[-1] + pane_ms)
    return Standing("learning", max(0, (reached_ms - row.first_ms) // pane_ms * pane_ms))


def detection_of(book: Book, window: WindowKey) -> Detection | None:
    """What the step on a pane said; None where there was none, or it is forgotten."""
    data = book.get("pane", window.version, window.start_ms)
    said = PaneRow.from_bytes(data).detection if data is not None else None
    return Detection.model_validate_json(json.dumps(said)) if said is not None else None


class Detecting:
    """Steps detectors; keeps those of the baselines in use."""

    def __init__(self) -> None:
        self._detectors: dict[tuple[str, str], Stepping] = {}

    def step(self, book: Book, pane: Pane) -> None:
        """One step, noted in the book's rows; none where the pane is empty, or not later than the last."""
        spec, version, start_ms = pane.monitor.detector, pane.window.version, pane.window.start_ms
        if not pane.cells[N]:
            return
        identity = _identity(pane.baseline, spec)
        row = _row(book, version, identity) or _afresh(book, version, identity, start_ms)
        if row.kept and start_ms <= row.kept[-1]:
            return
        row.kept.append(start_ms)
        detection = self._judge(book, pane, row)
        said = detection.model_dump(mode="json") if detection is not None else None
        book.put(PaneRow(pane.cells, said).to_bytes(), "pane", version, start_ms)
        for old_ms in row.kept[:-KEPT_PANES]:
            book.put(None, "pane", version, old_ms)
        row.kept = row.kept[-KEPT_PANES:]
        book.put(row.to_bytes(), "detector", version)

    def _judge(self, book: Book, pane: Pane, row: DetectorRow) -> Detection | None:
        version, end_ms, size_ms = pane.window.version, pane.window.end_ms, pane.window.size_ms

        def history(onset_ms: int) -> Iterator[tuple[int, Cells]]:
            for at_ms in row.kept[:-1]:
                if at_ms >= onset_ms:
                    yield at_ms, _pane(book, version, at_ms).cells
            yield pane.window.start_ms, pane.cells

        # the season's row is written first: only the detector's own row says that it holds
        season = pane.baseline.season or (book.get("season", version) if row.taught_ms is not None else None)
        if season is None:
            taught = end_ms - row.first_ms >= pane.monitor.detector.burn_in
            if taught and len(row.kept) >= SHORTEST_BURN_IN:
                book.put(learn(pane.layout, history(row.first_ms), size_ms).to_bytes(), "season", version)
                row.taught_ms = end_ms
            return None
        detector = self._detector(pane, row.identity, season)
        start = detector.start()
        state = start.from_bytes(row.state) if row.state else start
        state, log_e, found = detector.step(state, pane.window.start_ms, pane.cells, history)
        row.state = state.to_bytes()
        row.panes += 1
        names = [f"{role}/{name}" for role, name in detector.watched.names]
        order = _by_importance(pane.layout, detector.watched.names)
        return Detection(
            bound=round(float(detector.bound), 4),
            panes=row.panes,
            evidence={name: round(float(e), 4) for name, e in zip(names, log_e, strict=True) if np.isfinite(e)},
            findings=tuple(
                finding_of(pane.layout, detector.watched, finding, (end_ms - finding.onset_ms) / size_ms)
                for finding in sorted(found, key=lambda finding: order[finding.place])
            ),
        )

    def _detector(self, pane: Pane, identity: str, season: bytes) -> Stepping:
        key = (identity, hashlib.sha256(season).hexdigest())
        if key not in self._detectors:
            spec = pane.monitor.detector
            rule = Rule(
                budget=spec.budget,
                pane_ms=pane.window.size_ms,
                message=spec.message,
                page=spec.page,
            )
            self._detectors[key] = RULES[spec.rule](pane.layout, Season.from_bytes(season), rule)
        return self._detectors[key]


def is_usable(season: bytes, layout: Layout) -> bool:
    """Whether a season is one, and of this layout: baselines come from outside."""
    try:
        Detector(layout, Season.from_bytes(season), Rule())
    except (ValueError, KeyError, OSError, EOFError, zlib.error, BadZipFile) as error:
        _logger.warning("season_unusable", digest=layout.digest, error=str(error), next_step=_REBUILD)
        return False
    return True


def _identity(baseline: Baseline, spec: DetectorSpec) -> str:
    """What a detector's state belongs to. How incidents end is no part of it."""
    parts = (
        _FORM,
        baseline.digest.encode(),
        baseline.season or b"",
        spec.model_dump_json(exclude={"resolve_after"}).encode(),
    )
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()[:16]


def _row(book: Book, version: str, identity: str) -> DetectorRow | None:
    data = book.get("detector", version)
    row = DetectorRow.from_bytes(data) if data is not None else None
    return row if row is not None and row.identity == identity else None


def _afresh(book: Book, version: str, identity: str, start_ms: int) -> DetectorRow:
    data = book.get("detector", version)
    for old_ms in DetectorRow.from_bytes(data).kept if data is not None else ():
        book.put(None, "pane", version, old_ms)
    book.put(None, "season", version)
    return DetectorRow(identity, first_ms=start_ms)


def _pane(book: Book, version: str, start_ms: int) -> PaneRow:
    data = book.get("pane", version, start_ms)
    assert data is not None  # noqa: S101  written before the row that names it
    return PaneRow.from_bytes(data)


def _by_importance(layout: Layout, names: tuple[tuple[str, str], ...]) -> list[float]:
    """A rank for every watched row: features by importance, then the rest in its order."""
    importance: dict[tuple[str, str], float]
    importance = {(column.role, column.name): column.importance or 0.0 for column in layout.columns}
    return [-importance.get((role, name), -1.0) for role, name in names]
