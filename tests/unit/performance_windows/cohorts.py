"""A binary model and its labels, cut into partial sums as the join makes them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime.cells import pack
from runtime.clock import ManualClock
from runtime.faust.projection import Effects, Event, Rows
from runtime.metrics import Metrics
from runtime.watched import Watched
from schemas.base import SourceRange
from schemas.baseline import Baseline, OutcomeReference
from schemas.monitor import Monitor
from schemas.outcome import By, Outcome
from schemas.partial import PartialSlice
from schemas.performance_window import PerformanceWindow
from schemas.profile import Mark
from services.performance.windows.handler import WindowsHandler
from services.performance.windows.publishing import Publisher
from stats.performance.cells import fold_outcomes, fold_predictions
from stats.performance.layout import OutcomeLayout
from tests.drift_stream import Applied, baseline

HOUR_MS = 3_600_000
T0 = 1_700_000_000_000 - 1_700_000_000_000 % (7 * 24 * HOUR_MS)
LAYOUT = OutcomeLayout("binary", ("no", "yes"))
Floats = NDArray[np.float64]


@dataclass
class Answers:
    """n answers of a model, and their labels."""

    time_ms: NDArray[np.int64]
    score: Floats
    label: NDArray[np.int64]
    delay_ms: NDArray[np.int64]
    group: NDArray[np.int64]
    """Of the protected attribute, 0 or 1."""


def answers(seed: int, n: int, *, hours: int = 24, first: int = 0, flip: float = 0.0, delay_h: float = 2.0) -> Answers:
    """Answers with calibrated scores; `flip` is the share of labels turned round: like inputs are answered worse."""
    rng = np.random.default_rng(seed)
    score = rng.beta(0.8, 1.6, n)
    label = (rng.random(n) < score).astype(np.int64)
    label = np.where(rng.random(n) < flip, 1 - label, label)
    time_ms = np.sort(T0 + first * HOUR_MS + rng.integers(0, hours * HOUR_MS, n))
    delay_ms = rng.integers(0, int(2 * delay_h * HOUR_MS), n)
    return Answers(time_ms, score, label, delay_ms, rng.integers(0, 2, n))


def reference(seed: int = 1, n: int = 20_000) -> Baseline:
    """A baseline with labelled rows."""
    made = answers(seed, n)
    cells = _outcomes(made, np.zeros(n, np.int64), 1)[0] + _made(made, np.zeros(n, np.int64), 1)[0]
    outcomes = OutcomeReference(task="binary", classes=LAYOUT.classes, digest=LAYOUT.digest, cells=pack(cells))
    return baseline().model_copy(update={"outcomes": outcomes})


def _outcomes(of: Answers, group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    n = len(group)
    predicted = (of.score >= 0.5).astype(np.int64)
    return fold_outcomes(
        LAYOUT,
        predicted,
        of.score[:, None],
        of.label,
        of.delay_ms / 1_000,
        np.full(n, np.nan),
        group=group,
        groups=groups,
    )


def _made(of: Answers, group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    return fold_predictions(LAYOUT, (of.score >= 0.5).astype(np.int64), of.score[:, None], group=group, groups=groups)


@dataclass
class Tier:
    """One partition of `outcomes` and the control tier on it."""

    monitor: Monitor
    baselines: dict[str, Baseline] = field(default_factory=lambda: {"m/1": reference()})
    rows: Rows = field(default_factory=lambda: Rows(0, 1))
    windows: list[PerformanceWindow] = field(default_factory=list)
    end: int = 0
    wall_ms: int = T0

    fed: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Keys and values of the records so far."""
    out: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process: what the rows hold is all it knows."""
        watched = Watched(Applied({"m": self.monitor}), Applied(self.baselines), ManualClock())
        metrics = Metrics("performance-windows")
        publisher = Publisher(watched, ManualClock(), 1, metrics)
        self.handler = WindowsHandler(watched, publisher, lambda *_: (), metrics)
        self.rows.generation += 1

    def take(self, of: Answers, *, made: bool = True, labels: bool = True) -> None:
        """One transaction: the predictions made, and all their labels, or only the one or the other."""
        start, self.end = self.end, self.end + 2 * len(of.time_ms)
        self.wall_ms += 60_000
        pane = self.monitor.performance.pane
        for by, time_ms in (("prediction_time", of.time_ms), ("label_time", of.time_ms + of.delay_ms)):
            counted = labels if by == "label_time" else labels or made
            if counted:
                self._outcome(of, by, time_ms, start, pane, made=made and by == "prediction_time", labels=labels)
        source = self._source(start)
        self.wall_ms += 60_000
        self._feed(b"mark", Mark(source=source, wall_ms=self.wall_ms, caught_up=False).to_json())

    def _outcome(
        self, of: Answers, by: By, time_ms: NDArray[np.int64], start: int, pane: int, *, made: bool, labels: bool
    ) -> None:
        panes, number = np.unique(time_ms // pane, return_inverse=True)
        groups = 3 * len(panes)
        slices = []
        segments = ("", "sex=0", "sex=1")
        cells = np.zeros((groups, LAYOUT.size), np.int64)
        n = np.zeros(groups, np.int64)
        for segment in range(3):
            keep = of.group == segment - 1 if segment else np.ones(len(number), bool)
            part = Answers(*(getattr(of, name)[keep] for name in ("time_ms", "score", "label", "delay_ms", "group")))
            group = number[keep] * 3 + segment
            if labels:
                cells += _outcomes(part, group, groups)
                n += np.bincount(group, minlength=groups)
            if made:
                cells += _made(part, group, groups)
        for row in range(groups):
            start_ms = int(panes[row // 3]) * pane
            slices.append(
                PartialSlice(
                    version="1", segment=segments[row % 3], start_ms=start_ms, digest=LAYOUT.digest, n=int(n[row]),
                    last_ms=start_ms, cells=pack(cells[row]),
                )
            )  # fmt: skip
        outcome = Outcome(
            model="m", by=by, source=self._source(start), wall_ms=self.wall_ms, high_ms=int(time_ms.max()),
            pane_ms=pane, slices=tuple(slices),
        )  # fmt: skip
        self._feed(b"m", outcome.to_json())

    def _source(self, start: int) -> SourceRange:
        return SourceRange(
            topic="predictions+labels", topic_id="P+L", partition=0, partitions=1, start=start, end=self.end
        )

    def _feed(self, key: bytes, value: bytes) -> None:
        self.fed.append((key, value))
        self.keep(self.effects(len(self.fed) - 1))

    def effects(self, offset: int) -> Effects:
        """What a record leads to; nothing is kept yet."""
        return self.handler.handle(Event("outcomes", 0, offset, *self.fed[offset], 0), self.rows)

    def keep(self, effects: Effects, *, out: int | None = None, writes: int | None = None) -> None:
        """Publishes the first `out` records and stores the first `writes` rows (None: all)."""
        for record in list(effects.out)[:out]:
            if record.topic == "windows":
                self.out.append(record.value)
                self.windows.append(PerformanceWindow.model_validate_json(record.value))
        for row, data in list(effects.writes.items())[:writes]:
            self.rows.put(row, data)

    def newest(self, by: By, size_h: int, segment: str = "") -> list[PerformanceWindow]:
        """The greatest revisions, in order of their start."""
        found: dict[int, PerformanceWindow] = {}
        for window in self.windows:
            if (window.by, window.size_ms, window.segment) == (by, size_h * HOUR_MS, segment):
                found[window.start_ms] = window
        return [found[start] for start in sorted(found)]
