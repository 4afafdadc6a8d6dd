"""The concept detector's step on a pane by label time that has closed, in order, once a pane.

The step's row is written first, the detector's after it, and what is published about the pane last: a crash in between
leaves a step that is made again, or one that is read from its row: the same window, byte for byte.
"""

import hashlib
from dataclasses import asdict

from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from schemas.performance import Performance
from schemas.performance_window import ConceptDetection, ConceptFinding
from schemas.window import Watching
from services.performance.windows.known import Folded
from services.performance.windows.references import Reference
from services.performance.windows.rows import ConceptRow
from services.performance.windows.series import PerformanceRules
from stats.performance.concept_detector import ConceptDetector, ConceptRule

_FORM = b"1"
"""Of the states as they are stored: another one starts every detector afresh."""
KEPT_PANES = 1_000
"""Steps remembered: more than are published with one mark."""
_OF_INPUTS = frozenset({"errors"})
"""Streams that a change of inputs alone can move."""


def is_pane(window: WindowKey, rules: PerformanceRules) -> bool:
    """Whether the detector steps on windows of this segment, size and start."""
    asked = rules.monitor.performance
    pane_ms = asked.detector_pane_ms
    return (
        rules.by == "label_time"
        and asked.detector.rule != "off"
        and not window.segment
        and window.size_ms == pane_ms
        and window.start_ms % pane_ms == 0
    )


def detection_of(book: Book, window: WindowKey) -> ConceptDetection | None:
    """What the step on a pane said; None where there was none, or it is forgotten."""
    said = book.get("concept-pane", window.version, window.start_ms)
    return ConceptDetection.model_validate_json(said) if said is not None else None


def changed(book: Book | None, version: str, window: WindowKey, asked: Performance) -> bool:
    """Whether like inputs were found to be answered otherwise, and that has not calmed by the window's end.

    `book` is that of the model by label time.
    """
    data = book.get("concept", version) if book is not None else None
    changed_ms = ConceptRow.from_bytes(data).changed_ms if data is not None else None
    if changed_ms is None:
        return False
    return window.end_ms <= changed_ms + asked.detector.resolve_after * asked.detector_pane_ms


class Detecting:
    """Steps detectors; keeps those in use."""

    def __init__(self) -> None:
        self._detectors: dict[str, ConceptDetector] = {}

    def watching(self, reference: Reference | None, asked: Performance) -> Watching:
        """Whether verdicts are given: a reference of enough labelled rows is there, and the monitor asks for them."""
        if reference is None or asked.detector.rule == "off":
            return "off"
        return "off" if self._detector(reference, asked).off is not None else "watching"

    def step(self, book: Book, window: WindowKey, folded: Folded, reference: Reference, asked: Performance) -> None:
        """One step, noted in the book's rows; none where the pane is empty, or not later than the last."""
        detector = self._detector(reference, asked)
        if detector.off is not None or not folded.labelled:
            return
        version, start_ms = window.version, window.start_ms
        identity = _identity(reference, asked)
        row = _row(book, version, identity)
        if row.kept and start_ms <= row.kept[-1]:
            return
        start = detector.start()
        state = start.from_bytes(row.state) if row.state else start
        state, evidence, findings = detector.step(state, start_ms, folded.cells)
        row.panes += 1
        row.state = state.to_bytes()
        if any(finding.what not in _OF_INPUTS for finding in findings):
            row.changed_ms = window.end_ms
        said = ConceptDetection(
            bound=round(detector.bound, 4),
            panes=row.panes,
            evidence={name: round(log_e, 4) for name, log_e in evidence.items()},
            findings=tuple(ConceptFinding.model_validate(asdict(finding)) for finding in findings),
        )
        book.put(said.to_json(), "concept-pane", version, start_ms)
        row.kept.append(start_ms)
        for old_ms in row.kept[:-KEPT_PANES]:
            book.put(None, "concept-pane", version, old_ms)
        row.kept = row.kept[-KEPT_PANES:]
        book.put(row.to_bytes(), "concept", version)

    def _detector(self, reference: Reference, asked: Performance) -> ConceptDetector:
        key = _identity(reference, asked)
        if key not in self._detectors:
            rule = ConceptRule(
                pane_ms=asked.detector_pane_ms,
                budget=asked.detector.budget,
                tolerance=asked.detector.tolerance,
                page=asked.detector.page,
                dispersion=asked.detector.dispersion,
            )
            self._detectors[key] = ConceptDetector(reference.layout, reference.cells, rule)
        return self._detectors[key]


def _identity(reference: Reference, asked: Performance) -> str:
    """What a detector's state belongs to. How incidents end is no part of it."""
    rule = asked.detector.model_dump_json(exclude={"resolve_after"}).encode()
    pane = str(asked.detector_pane_ms).encode()
    parts = (_FORM, reference.layout.digest.encode(), reference.cells.tobytes(), rule, pane)
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()[:16]


def _row(book: Book, version: str, identity: str) -> ConceptRow:
    """The detector's row; a fresh one, and the old steps forgotten, where it was another detector's."""
    data = book.get("concept", version)
    row = ConceptRow.from_bytes(data) if data is not None else ConceptRow(identity)
    if row.identity == identity:
        return row
    for old_ms in row.kept:
        book.put(None, "concept-pane", version, old_ms)
    return ConceptRow(identity)
