"""A window as a message: the sum of its rows, scored against the baseline and against the week before."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from runtime.cells import Cells
from runtime.log.partitioning import partition_of
from runtime.log.protocol import OutRecord
from runtime.metrics import Metrics
from runtime.watched import Watched
from runtime.windows.book import Book
from runtime.windows.keys import SumKey, WindowKey
from runtime.windows.parts import Revision
from runtime.windows.rows import SumRow
from runtime.windows.rules import WEEK_MS
from schemas.baseline import Baseline
from schemas.monitor import Monitor
from schemas.window import ColumnWindow, Drift, Latency, Window
from services.drift.reference import columns_of, reference_of
from services.drift.windows.detecting import detection_of, is_pane, is_usable, standing
from services.drift.windows.learning import learned, restored
from services.drift.windows.rows import LearningRow
from stats import latency, scores
from stats.layout import FIXED_CELLS, LATENCY_CELLS, STATUS, STATUS_CELLS, Layout
from stats.loglinear import learn_column
from stats.outcome import TooFew
from stats.ranking import rank
from stats.reference import Reference, Role


def window_id_of(model: str, window: WindowKey, kind: str = "data") -> str:
    """The window's id, the same whoever makes it."""
    parts = (model, window.version, window.segment, kind, window.size_ms, window.start_ms)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:24]


def fixed_sum(rows: Sequence[SumRow]) -> Cells:
    """The section that all rows share, whatever they were folded with."""
    return sum((row.cells[FIXED_CELLS] for row in rows), np.zeros(FIXED_CELLS.stop, np.int64))


def latency_of(fixed: Cells) -> Latency:
    """Quantiles of a fixed section; null where there are too few."""
    cells = fixed[LATENCY_CELLS]
    p50, p95, p99 = (None if isinstance(q, TooFew) else q for q in latency.quantiles(cells, (0.5, 0.95, 0.99)))
    return Latency(n=int(cells[: latency.MISSING].sum()), p50=p50, p95=p95, p99=p99)


class Folded(NamedTuple):
    """What a window is the sum of."""

    rows: dict[SumKey, SumRow]
    layout: Layout | None
    """Of the baseline in force; None without one."""
    cells: Cells | None
    """Sum of the rows folded with it."""


class Publisher:
    """Makes the messages of one process; keeps the layouts of the baselines in use."""

    def __init__(self, watched: Watched, window_partitions: int, metrics: Metrics) -> None:
        self._watched = watched
        self._metrics = metrics
        self._partitions = window_partitions
        self._layouts: dict[str, Layout] = {}
        self._usable: dict[tuple[str, bytes], bool] = {}
        """By digest and season."""

    def layout(self, digest: str) -> Layout | None:
        """The layout of a digest; None where its baseline is gone."""
        found = self._layouts.get(digest)
        if found is None and digest:
            baseline = self._watched.baseline(digest)
            found = Layout(reference_of(baseline)) if baseline else None
            if found is not None:
                self._layouts[digest] = found
        return found

    def folded(self, book: Book, window: WindowKey) -> Folded:
        """The rows of a window as they are now, and the sum of those that go with the baseline in force."""
        rows = {key: row for key in book.steps(window) if (row := book.sum(key)) is not None}
        layout = self._layout_of(book.model, window.version, rows)
        return Folded(rows, layout, self._cells(rows, layout))

    def baseline(self, model: str, version: str, layout: Layout | None) -> Baseline | None:
        """The baseline a layout was made of: the version's own, else any of its digest (seasons may differ).

        Without its season where that is none.
        """
        if layout is None:
            return None
        own = self._watched.baseline_for(model, version)
        found = own if own is not None and own.digest == layout.digest else self._watched.baseline(layout.digest)
        if found is None or found.season is None:
            return found
        season = (layout.digest, found.season)
        if season not in self._usable:
            self._usable[season] = is_usable(found.season, layout)
        return found if self._usable[season] else found.model_copy(update={"season": None})

    def window(self, book: Book, window: WindowKey, monitor: Monitor, revision: Revision) -> OutRecord:
        """One revision of one window, from the rows as they are now."""
        rows, layout, cells = self.folded(book, window)
        fixed = fixed_sum(list(rows.values()))
        baseline = self.baseline(book.model, window.version, layout)
        stands = standing(book, window, monitor, baseline, final=revision.final)
        columns = self._columns(layout, cells)
        features = {name: column for (role, name), column in columns.items() if role == "feature"}
        order = rank([c.importance for c in features.values()], [c.psi_adj for c in features.values()])
        ranked = [list(features)[place] for place in order]
        violations: Counter[str] = Counter()
        steps = revision.final and not revision.correction
        for row in rows.values():
            violations.update(row.violations)
        record = Window(
            window_id=window_id_of(book.model, window),
            revision=revision.number,
            final=revision.final,
            correction=revision.correction,
            model=book.model,
            version=window.version,
            segment=window.segment,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            size_ms=window.size_ms,
            pane_ms=monitor.pane,
            baseline_digest=layout.digest if layout else None,
            n=sum(row.n for row in rows.values()),
            late=sum(row.late for row in rows.values()),
            violations={reason: count for reason, count in sorted(violations.items()) if count},
            last_ms=max((row.last_ms for row in rows.values() if row.last_ms is not None), default=None),
            status=dict(zip(STATUS, fixed[STATUS_CELLS].tolist(), strict=True)),
            latency_ms=latency_of(fixed),
            features={name: features[name] for name in ranked},
            prediction=next((c for (role, _), c in columns.items() if role == "prediction"), None),
            score=next((c for (role, _), c in columns.items() if role == "score"), None),
            prediction_week=self._week(book, window, layout, cells),
            top_features=tuple(ranked[: monitor.top]),
            learning=None if layout else learned(book, window.version).n,
            watching=stands.watching,
            learned_ms=stands.learned_ms,
            detection=detection_of(book, window) if steps and is_pane(window, monitor) else None,
        )
        self._tell(record)
        key = record.window_id.encode()
        return OutRecord("windows", key, record.to_json(), partition_of(book.model.encode(), self._partitions))

    def _tell(self, window: Window) -> None:
        kind = "correction" if window.correction else "final" if window.final else "early"
        self._metrics.count("driftline_windows_published_total", model=window.model, kind=kind)
        if window.last_ms is not None:
            self._metrics.set("driftline_last_event_seconds", window.last_ms / 1_000, model=window.model)

    def _layout_of(self, model: str, version: str, rows: dict[SumKey, SumRow]) -> Layout | None:
        """Of the baselines the rows were folded with: the one in force, else the one with most events."""
        counts: Counter[str] = Counter()
        for key, row in rows.items():
            counts[key.digest] += row.n
        in_force = self._watched.baseline_for(model, version)
        if in_force is not None and in_force.digest in counts:
            return self.layout(in_force.digest)
        known = (self.layout(digest) for digest, _ in counts.most_common())
        return next((layout for layout in known if layout is not None), None)

    @staticmethod
    def _cells(rows: dict[SumKey, SumRow], layout: Layout | None) -> Cells | None:
        mine = [row.cells for key, row in rows.items() if layout is not None and key.digest == layout.digest]
        return sum(mine[1:], mine[0]) if mine else None

    @staticmethod
    def _columns(layout: Layout | None, cells: Cells | None) -> dict[tuple[str, str], ColumnWindow]:
        if layout is None or cells is None:
            return {}
        found = scores.score(layout, layout.reference_cells, cells)
        names = ColumnWindow.model_fields
        return {
            (column.role, column.name): ColumnWindow(**{name: getattr(score, name) for name in names})
            for column, score in zip(layout.columns, found, strict=True)
        }

    def _week(self, book: Book, window: WindowKey, layout: Layout | None, cells: Cells | None) -> Drift | None:
        """The prediction against the same window a week before, where that was folded with the same baseline."""
        if layout is None or cells is None:
            return None
        before = window._replace(start_ms=window.start_ms - WEEK_MS)
        rows = {key: row for key in book.steps(before) if (row := book.sum(key)) is not None}
        cells_before = self._cells(rows, layout)
        if cells_before is None:
            return None
        for column, found in zip(layout.columns, scores.compare(layout, cells_before, cells), strict=True):
            if column.role == "prediction":
                return Drift(**{name: getattr(found, name) for name in Drift.model_fields})
        return None

    @staticmethod
    def learned_baseline(model: str, version: str, row: LearningRow) -> Baseline:
        """A baseline from the sketches of a version's first events: features first, then prediction and score."""
        roles: tuple[Role, ...] = ("feature", "prediction", "score")
        named = sorted((roles.index(name.split(":", 1)[0]), name.split(":", 1)[1], name) for name in row.sketches)
        columns = tuple(learn_column(name, roles[role], restored(row.sketches[key])) for role, name, key in named)
        reference = Reference(columns)
        return Baseline(
            model=model,
            version=version,
            digest=reference.digest,
            origin="learned",
            rows=row.n,
            start_ms=row.first_ms,
            end_ms=row.last_ms,
            columns=columns_of(reference),
        )
