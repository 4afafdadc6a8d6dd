"""What the demo knows of the run, from records as they appear on the topics, whatever their order or repetition."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter

from driftline.audit import FOLD, JOIN, OUTCOME_WINDOWS
from driftline.demo.answers import Answers
from driftline.demo.monitor import DAY_MS, WEEK_MS
from driftline.demo.retraining import Retraining
from schemas.alert import Alert
from schemas.ledger import Ledger
from schemas.performance_window import PerformanceWindow
from schemas.window import Window

_RECENT = 6
_HISTORY = 120
_WINDOW: TypeAdapter[Window | PerformanceWindow] = TypeAdapter(
    Annotated[Window | PerformanceWindow, Field(discriminator="schema_")]
)


class _Letter(BaseModel):
    service: str
    reason: str


@dataclass
class Track:
    """The state of a run. `take` adds a record; everything else reads."""

    counted: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    """Predictions, by reason."""
    duplicate: int = 0
    late: int = 0
    labels: int = 0
    """Labels that were judged: all that were read but those that wait for their prediction."""
    joined: int = 0
    """Of them, those that are one of a pair, and have not taken an earlier one's place."""
    late_pairs: int = 0
    """Too late for any window of performance."""
    answers: Answers = field(default_factory=Answers)
    retraining: Retraining = field(default_factory=Retraining)
    final_windows: int = 0
    corrections: int = 0
    newest: Window | None = None
    """The newest closed weekly window of all flights: its features are what the screen shows."""
    closed_until_ms: int | None = None
    recent: deque[Window] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """Days that closed last, all flights."""
    drift: dict[str, deque[float | None]] = field(default_factory=dict)
    """By feature, prediction and score: adjusted PSI of each weekly window, in order."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    """Newest state of each incident, by id, in order of appearance."""
    _revisions: dict[str, int] = field(default_factory=dict)
    _days: dict[str, tuple[int, bool]] = field(default_factory=dict)
    _ranges: set[tuple[str, int, int]] = field(default_factory=set)

    def take(self, topic: str, value: bytes) -> None:
        """Adds one record of any of TOPICS."""
        _TAKE[topic](self, value)

    @property
    def firing(self) -> list[Alert]:
        """Open incidents, pages first, newest first."""
        ranked = [alert for alert in self.alerts.values() if alert.state == "firing"]
        return sorted(ranked, key=lambda alert: (alert.severity != "page", -alert.first_seen_ms))

    @property
    def in_windows(self) -> int:
        """Events in daily windows of all flights."""
        return sum(n for n, _ in self._days.values())

    def settled(self, sent: int, sent_labels: int) -> bool:
        """Whether all that was sent was judged, and what was counted is in a closed daily window or was too late."""
        paired = self.answers.closed and self.answers.labelled + self.late_pairs >= self.joined
        return self._predictions_settled(sent) and self.labels >= sent_labels and paired

    def _predictions_settled(self, sent: int) -> bool:
        judged = self.counted + self.dead.total() + self.duplicate
        closed = all(final for _, final in self._days.values())
        return judged >= sent and closed and self.in_windows + self.late >= self.counted

    def _ledger(self, value: bytes) -> None:
        record = Ledger.model_validate_json(value)
        place = (
            f"{record.service}/{record.source.key}/{'/'.join(record.late)}",
            record.source.start,
            record.source.end,
        )
        if place in self._ranges:
            return
        if record.source.end > record.source.start:  # of an empty range there may be several
            self._ranges.add(place)
        late = sum(record.late.values())
        if record.service == JOIN:
            if record.source.topic == "labels":
                self.labels += record.events - record.waiting
                self.joined += sum(record.counted.values()) - record.repeated
        elif record.service == OUTCOME_WINDOWS:
            self.late_pairs += late
        else:
            self.late += late
            self.counted += sum(record.counted.values())
            self.duplicate += record.duplicate

    def _letter(self, value: bytes) -> None:
        letter = _Letter.model_validate_json(value)
        if letter.service == FOLD:
            self.dead[letter.reason] += 1

    def _alert(self, value: bytes) -> None:
        alert = Alert.model_validate_json(value)
        known = self.alerts.get(alert.alert_id)
        if known is None or alert.revision >= known.revision:
            self.alerts[alert.alert_id] = alert

    def _window(self, value: bytes) -> None:
        window = _WINDOW.validate_json(value)
        if isinstance(window, PerformanceWindow):
            self.answers.take(window)
            return
        seen = self._revisions.get(window.window_id, -1)
        if window.revision <= seen:
            return
        self._revisions[window.window_id] = window.revision
        self.final_windows += window.final and not window.correction
        self.corrections += window.correction
        if window.segment:
            return
        if window.size_ms == DAY_MS:
            self._days[window.window_id] = (window.n, window.final)
        if window.final and not window.correction:
            self._closed(window)

    def _closed(self, window: Window) -> None:
        self.closed_until_ms = max(self.closed_until_ms or 0, window.end_ms)
        if window.size_ms == DAY_MS:
            self.recent.append(window)
        elif window.size_ms == WEEK_MS and (self.newest is None or window.start_ms > self.newest.start_ms):
            self.newest = window
            columns = {**window.features, "prediction": window.prediction, "score": window.score}
            for name, column in columns.items():
                history = self.drift.setdefault(name, deque(maxlen=_HISTORY))
                history.append(column.psi_adj if column else None)


_TAKE: Mapping[str, Callable[[Track, bytes], None]] = MappingProxyType(
    {
        "ledger": Track._ledger,  # noqa: SLF001  the table belongs to the class
        "windows": Track._window,  # noqa: SLF001  see above
        "alerts": Track._alert,  # noqa: SLF001  see above
        "dead-letters": Track._letter,  # noqa: SLF001  see above
        "retraining.requests": lambda track, value: track.retraining.take_request(value),
        "model.events": lambda track, value: track.retraining.take_event(value),
    }
)
TOPICS = tuple(_TAKE)
