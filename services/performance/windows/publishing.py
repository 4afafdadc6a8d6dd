"""A window of outcomes as a message: figures, the gap to the baseline, the estimate before labels, what changed."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.cells import Cells
from runtime.clock import Clock
from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from runtime.windows.book import Book
from runtime.windows.keys import WindowKey
from runtime.windows.merging import OTHER
from runtime.windows.parts import Revision
from schemas.performance_window import PerformanceWindow
from services.performance.windows.changing import concept
from services.performance.windows.comparing import compare
from services.performance.windows.detecting import Detecting, changed, detection_of, is_pane
from services.performance.windows.estimating import estimate
from services.performance.windows.figures import figures
from services.performance.windows.known import Folded, Known
from services.performance.windows.series import PerformanceRules, series
from stats.outcome import TooFew
from stats.performance.contradiction import contradicts
from stats.performance.estimate import Figure, Undefined
from stats.performance.gap import gaps
from stats.performance.layout import OutcomeLayout
from stats.performance.metrics import performance

_NOT_COMPARED = frozenset({"coverage", "value"})
"""Figures that a set of labelled rows does not have in the same sense."""
_UNKNOWN: Mapping[str, Any] = MappingProxyType(
    {"task": None, "made": 0, "label_delay_p50_s": None, "label_delay_p95_s": None, "figures": {}}
)
"""Of a window whose cells nobody can read any more."""
_CONTRADICTION = Undefined(
    "a correction took a pair away from where it had not been counted: "
    "the join's store was rebuilt, and topic plans no longer says how older pairs were counted"
)


def window_id_of(model: str, window: WindowKey, by: str) -> str:
    """The window's id, the same whoever makes it."""
    parts = (model, window.version, window.segment, f"performance/{by}", window.size_ms, window.start_ms)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


class Publisher:
    """Makes the messages of one process."""

    def __init__(self, watched: Watched, clock: Clock, window_partitions: int, metrics: Metrics) -> None:
        self._known = Known(watched, clock)
        self._detecting = Detecting()
        self._partitions = window_partitions
        self._metrics = metrics

    def step(self, book: Book, window: WindowKey, rules: PerformanceRules) -> None:
        """Steps the concept detector where the window is one of its panes."""
        if is_pane(window, rules):
            folded = self._known.folded(book, window)
            reference = self._known.reference(book.model, window.version, folded.digest)
            if reference is not None and not contradicts(reference.layout, folded.cells):
                self._detecting.step(book, window, folded, reference, rules.monitor.performance)

    def publish(self, book: Book, window: WindowKey, rules: PerformanceRules, revision: Revision) -> OutRecord:
        """One revision of one window, from the rows as they are now."""
        folded = self._known.folded(book, window)
        reference = self._known.reference(book.model, window.version, folded.digest)
        baseline = self._known.basis(book.model, window.version).baseline
        by_label = book.beside.get(series(book.model, "label_time"))
        first = revision.final and not revision.correction
        asked = rules.monitor.performance
        record = PerformanceWindow(
            window_id=window_id_of(book.model, window, rules.by),
            revision=revision.number,
            final=revision.final,
            correction=revision.correction,
            by=rules.by,
            model=book.model,
            version=window.version,
            segment=window.segment,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            size_ms=window.size_ms,
            pane_ms=asked.pane,
            baseline_digest=baseline.digest if baseline is not None else None,
            outcomes_digest=folded.digest,
            labelled=max(folded.labelled, 0),
            labels_until_ms=by_label.row.passed_ms if by_label is not None else None,
            watching=self._detecting.watching(reference, asked),
            detection=detection_of(book, window) if first and is_pane(window, rules) else None,
            **self._judged(book, window, rules, folded, first=first),
        )
        self._tell(record)
        key = record.window_id.encode()
        return OutRecord("windows", key, record.to_json(), partition_of(book.model.encode(), self._partitions))

    def _judged(
        self, book: Book, window: WindowKey, rules: PerformanceRules, folded: Folded, *, first: bool
    ) -> Mapping[str, Any]:
        """Everything that asks what the cells mean."""
        layout, cells, asked = folded.layout, folded.cells, rules.monitor.performance
        if layout is None:
            return _UNKNOWN
        if contradicts(layout, cells):
            return _contradictory(layout, cells)
        reference = self._known.reference(book.model, window.version, folded.digest)
        cohort = rules.by == "prediction_time"
        found = performance(layout, cells, min_count=asked.min_labels)
        now = figures(found.figures if cohort else _without(found.figures, "coverage"))
        fields: dict[str, Any] = {
            "task": layout.task,
            "made": int(layout.part(cells, "made")),
            "label_delay_p50_s": _seconds(found.delay.p50_s),
            "label_delay_p95_s": _seconds(found.delay.p95_s),
            "figures": now,
            "by_class": {name: figures(of_class) for name, of_class in found.by_class.items()},
            "classes": layout.classes,
        }
        if layout.task != "regression":
            fields["confusion"] = tuple(map(tuple, layout.part(cells, "confusion").tolist()))
        dimensions = {} if window.segment else self._dimensions(book, window, folded)
        fields["fairness"] = compare(layout, dimensions, asked, window.slide_ms, judge=first and not cohort)
        if reference is None:
            return fields
        known = _without(reference.performance.figures, *_NOT_COMPARED)
        fields["reference"] = figures(known)
        fields["gap"] = figures(gaps(found.figures, known))
        change = fields["concept"] = concept(reference, cells, dimensions)
        if cohort:
            fields["estimate"] = estimate(
                reference,
                cells,
                now,
                p_value=change.p_value if change is not None else None,
                drifted=changed(book.beside.get(series(book.model, "label_time")), window.version, window, asked),
            )
        return fields

    def _dimensions(self, book: Book, window: WindowKey, folded: Folded) -> Mapping[str, Mapping[str, Cells]]:
        """Cells of the window's segments that were counted alike, by dimension and value."""
        found: dict[str, dict[str, Cells]] = {}
        for dimension, values in book.row.segments.items():
            for value in (*values, OTHER):
                segment = window._replace(segment=f"{dimension}={value}")
                rows = [
                    row.cells for key in book.steps(segment) if key.digest == folded.digest and (row := book.sum(key))
                ]
                cells = sum(rows[1:], rows[0]) if rows else None
                if cells is not None and folded.layout is not None and not contradicts(folded.layout, cells):
                    found.setdefault(dimension, {})[value] = cells
        return found

    def _tell(self, window: PerformanceWindow) -> None:
        kind = "correction" if window.correction else "final" if window.final else "early"
        self._metrics.count("driftline_windows_published_total", model=window.model, kind=kind)


def _contradictory(layout: OutcomeLayout, cells: Cells) -> Mapping[str, Any]:
    """Of a window whose counts contradict themselves: what it would have said, and why it does not."""
    names = performance(layout, layout.zeros()).figures
    return {
        **_UNKNOWN,
        "task": layout.task,
        "made": max(int(layout.part(cells, "made")), 0),
        "figures": figures(dict.fromkeys(names, _CONTRADICTION)),
    }


def _without(found: Mapping[str, Figure], *names: str) -> dict[str, Figure]:
    return {name: one for name, one in found.items() if name not in names}


def _seconds(found: float | TooFew) -> float | None:
    return None if isinstance(found, TooFew) else found
