"""Windows and alerts as they stand on their topics, chosen and in order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.table import Table

from driftline import reading
from driftline.errors import CommandError
from driftline.output import count, figure, percent, span, table, utc
from runtime.settings import KafkaSettings
from schemas.alert import Alert
from schemas.performance_window import PerformanceWindow
from schemas.window import Window
from schemas.windowing import duration_ms


@dataclass(frozen=True, slots=True)
class Choice:
    """Which windows are wanted; None means all."""

    model: str
    version: str | None = None
    segment: str | None = None
    """Empty for all events together."""
    size_ms: int | None = None
    since_ms: int | None = None

    def holds(self, window: Window | PerformanceWindow) -> bool:
        """Whether the window is one of them."""
        return (
            window.model == self.model
            and self.version in (None, window.version)
            and self.segment in (None, window.segment)
            and self.size_ms in (None, window.size_ms)
            and (self.since_ms is None or window.end_ms > self.since_ms)
        )


def size_ms(text: str) -> int:
    """A window's size, such as 1d, in milliseconds. Raises CommandError."""
    try:
        return int(duration_ms(text))
    except ValueError as error:
        raise CommandError(f"--size: {error}.", "write for example --size 1d") from error


def since_ms(text: str, now_ms: int, option: str = "--since") -> int:
    """Milliseconds of a date, a time (UTC without a zone) or a duration before `now_ms`. Raises CommandError."""
    if re.fullmatch(r"\d+\s*[a-z]+", text):
        return now_ms - size_ms(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"{option}: {text!r} is no time.", f"write for example {option} 2013-07-01, 2013-07-01T06:00 or 7d"
        ) from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def windows(settings: KafkaSettings, choice: Choice, *, all_revisions: bool = False) -> list[Window]:
    """The chosen windows in order of time, greatest revisions only unless all are wanted."""
    found = (
        (entry.record for entry in reading.read(settings, "windows", Window))
        if all_revisions
        else reading.greatest(settings, "windows", Window)
    )
    return sorted(filter(choice.holds, found), key=lambda w: (w.start_ms, w.size_ms, w.version, w.segment, w.revision))


def alerts(settings: KafkaSettings, model: str | None, *, open_only: bool = False) -> list[Alert]:
    """The newest state of each incident, in order of first sight."""
    return sorted(
        (
            alert
            for alert in reading.greatest(settings, "alerts", Alert)
            if model in (None, alert.model) and not (open_only and alert.state == "resolved")
        ),
        key=lambda alert: (alert.first_seen_ms, alert.alert_id),
    )


def worst(window: Window) -> tuple[str, float] | None:
    """The feature that drifted furthest and its adjusted PSI; None when none could be scored."""
    scored = [(name, column.psi_adj) for name, column in window.features.items() if column.psi_adj is not None]
    return max(scored, key=lambda pair: pair[1], default=None)


def windows_table(found: Sequence[Window]) -> Table:
    """Windows for people."""
    return table(
        None,
        (
            "start (UTC)",
            "size",
            "version",
            "segment",
            "state",
            ">events",
            ">late",
            ">5xx",
            ">p95 ms",
            "worst drift",
            ">PSI adj",
        ),
        (
            (
                utc(window.start_ms),
                span(window.size_ms / 1_000),
                window.version,
                window.segment or "all",
                "corrected" if window.correction else "final" if window.final else "open",
                count(window.n),
                count(window.late),
                percent(window.status.get("5xx", 0) / window.n if window.n else None),
                figure(window.latency_ms.p95, 1),
                (furthest := worst(window) or ("–", None))[0],
                figure(furthest[1]),
            )
            for window in found
        ),
    )


def alerts_table(found: Iterable[Alert]) -> Table:
    """Incidents for people."""
    return table(
        None,
        ("alert", "since (UTC)", "until", "", "model", "what"),
        (
            (
                alert.alert_id[:8],
                utc(alert.first_seen_ms),
                until(alert),
                severity(alert),
                f"{alert.model} {alert.version}",
                alert.summary,
            )
            for alert in found
        ),
    )


def until(alert: Alert) -> str:
    """When it was resolved, or that it fires."""
    return utc(alert.resolved_ms) if alert.state == "resolved" else "open"


def severity(alert: Alert) -> str:
    """The severity as shape and word; colour never stands alone."""
    return {"page": "◆ page", "message": "◇ message"}[alert.severity]
