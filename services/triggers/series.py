"""What is remembered of one series of windows, as one row: the position judged last, and its incidents.

Position and incidents share a row, so that a crash can never part them.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Literal, NamedTuple, Self, TypeAlias, get_args

from pydantic import Field, TypeAdapter

from schemas.alert import Alert, Evidence
from schemas.base import Count, Record, TimeMs
from schemas.performance_window import PerformanceWindow
from schemas.window import Window
from services.triggers.incidents import Incident

Kind = Literal["thresholds", "detector", "performance", "concept", "fairness"]
"""Who judges the windows of a series."""
AnyWindow: TypeAlias = Window | PerformanceWindow
_WINDOWS: TypeAdapter[AnyWindow] = TypeAdapter(Annotated[AnyWindow, Field(discriminator="schema_")])

_UNJUDGED = (-1, -1)


def evidence_of(
    window: AnyWindow, metric: str, value: float, *, bound: float, n: int, score: Mapping[str, float]
) -> Evidence:
    """The figure that decided, and the window it stands in."""
    return Evidence(
        window_id=window.window_id,
        revision=window.revision,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        metric=metric,
        value=value,
        bound=bound,
        n=n,
        score=dict(score),
    )


class SeriesKey(NamedTuple):
    """Windows of one size over one model version and segment follow each other in one series, for each judge."""

    kind: Kind
    model: str
    version: str
    segment: str
    size_ms: int
    rule: str = ""
    """Of a judge whose rules each have a position of their own: which one."""

    @classmethod
    def of(cls, kind: Kind, window: AnyWindow, rule: str = "") -> Self:
        """The series a window belongs to."""
        return cls(kind, window.model, window.version, window.segment, window.size_ms, rule)

    @classmethod
    def from_bytes(cls, key: bytes, model: str) -> Self | None:
        """The series whose row this is; None for rows of another kind or model."""
        kind, of, *rest = json.loads(key)
        return cls(kind, of, *rest) if kind in get_args(Kind) and of == model else None

    def to_bytes(self) -> bytes:
        """The key of the series' row."""
        parts = self if self.rule else self[:-1]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


class Series(Record):
    """The row of one series."""

    start_ms: TimeMs
    """Start of the newest window judged."""
    revision: Count
    """Its revision."""
    incidents: tuple[Incident, ...] = ()

    @classmethod
    def after(cls, window: AnyWindow, incidents: list[Incident]) -> Self:
        """The series once a window is judged; keeps only what can still change."""
        return cls(start_ms=window.start_ms, revision=window.revision, incidents=_kept(incidents, window.start_ms))

    def with_incidents(self, incidents: list[Incident]) -> Self:
        """The series at the same position, with other incidents."""
        return self.model_copy(update={"incidents": _kept(incidents, self.start_ms)})


Past = Callable[[SeriesKey], Series | None]
"""What is remembered of a series; None of one that nothing is."""


class Judged(NamedTuple):
    """What a window, or a changed monitor, makes of a series."""

    alerts: list[Alert]
    series: Series | None
    """The row to write; None where nothing is to be remembered."""


def _kept(incidents: list[Incident], start_ms: int) -> tuple[Incident, ...]:
    return tuple(
        incident.model_copy(update={"evidence": incident.evidence.model_copy(update={"score": {}})})
        for incident in incidents
        if incident.state == "firing" or incident.first_seen_ms == start_ms
    )


def read_window(value: bytes) -> AnyWindow:
    """A window of either type, from JSON. Raises ValidationError."""
    return _WINDOWS.validate_json(value)


def is_news(window: AnyWindow, series: Series | None) -> bool:
    """Whether a window moves its series on: a later start, or a higher revision of the newest one."""
    position = (series.start_ms, series.revision) if series is not None else _UNJUDGED
    return (window.start_ms, window.revision) > position
