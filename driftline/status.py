"""Models and services at a glance."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table

from driftline import accounts, reading
from driftline.audit import FOLD
from driftline.balances import distinct
from driftline.connection import Connection
from driftline.history import worst
from driftline.label_status import LabelStatus, label_status, label_tables
from driftline.lag import Lag, lags
from driftline.output import count, figure, span, table, utc
from runtime.admin import topic_ids
from schemas.alert import Alert
from schemas.ledger import Ledger
from schemas.model_event import ModelEvent
from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow
from schemas.window import Window

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model, over all its versions."""

    model: str
    state: str
    """page or message while such an incident is open; learning without a baseline; silent without events; else ok."""
    versions: tuple[str, ...]
    monitored: bool
    """Whether a monitor was applied; without one defaults hold."""
    events: int
    dead_letters: int
    newest_event_ms: int | None
    event_lag_ms: int | None
    """Wall time less the newest event time."""
    closed_until_ms: int | None
    """End of the newest window that closed: how far verdicts reach."""
    worst_feature: str | None
    worst_psi_adj: float | None
    """In the newest window that closed."""
    open_alerts: int
    detector: str
    """watching; learning, 4 of 7 days; or off: of the newest version with events."""
    labels: LabelStatus | None
    """Null where no window of performance has closed."""
    waiting: tuple[str, ...]
    """Candidates that wait for a person's decision."""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the command shows."""

    bootstrap_servers: str
    found_in: str
    models: tuple[ModelStatus, ...]
    services: tuple[Lag, ...]
    dead_letters: int

    def as_json(self) -> dict[str, Any]:
        """The status as a JSON document."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Found:
    """What was read from the topics."""

    windows: Sequence[Window]
    alerts: Sequence[Alert]
    events: Mapping[str, int]
    """Counted, by model."""
    dead: Mapping[str, int]
    monitors: Mapping[str, Monitor]
    """By model, where one was applied."""
    labelled: Sequence[PerformanceWindow] = ()
    steps: Sequence[ModelEvent] = ()
    """Of retraining runs, in the order they were taken."""


class _Letter(BaseModel):
    model: str | None = None


def read(connection: Connection, now_ms: int) -> Status:
    """Reads the topics. Raises CommandError when Kafka cannot be reached."""
    settings = connection.settings
    ledger = accounts.accounts_of(reading.read(settings, "ledger", Ledger), topic_ids(settings, accounts.SOURCES))
    dead = Counter(entry.record.model for entry in reading.read(settings, "dead-letters", _Letter))
    found = Found(
        windows=reading.greatest(settings, "windows", Window),
        alerts=reading.greatest(settings, "alerts", Alert),
        events=counted(ledger),
        dead={name: n for name, n in dead.items() if name},
        monitors=reading.newest(settings, "monitors", Monitor),
        labelled=reading.greatest(settings, "windows", PerformanceWindow),
        steps=[entry.record for entry in reading.read(settings, "model.events", ModelEvent)],
    )
    models = summarise(found, now_ms)
    return Status(settings.bootstrap_servers, connection.found_in, tuple(models), tuple(lags(settings)), dead.total())


def counted(ledger: Iterable[Ledger]) -> Counter[str]:
    """Events counted, by model."""
    total: Counter[str] = Counter()
    for record in distinct(record for record in ledger if record.service == FOLD):
        total.update(record.counted)
    return total


def summarise(found: Found, now_ms: int) -> list[ModelStatus]:
    """One line a model that has events, windows or a monitor, by name."""
    names = sorted({*found.events, *found.monitors, *(window.model for window in found.windows)})
    return [_model(name, found, now_ms) for name in names]


def _model(name: str, found: Found, now_ms: int) -> ModelStatus:
    windows = [window for window in found.windows if window.model == name and not window.segment]
    firing = [alert for alert in found.alerts if alert.model == name and alert.state == "firing"]
    events = found.events.get(name, 0)
    newest = max((window.last_ms for window in windows if window.last_ms is not None), default=None)
    final = max((window for window in windows if window.final), key=lambda w: (w.end_ms, w.size_ms), default=None)
    furthest = worst(final) if final else None
    learning = any(window.learning is not None for window in windows) and all(
        w.baseline_digest is None for w in windows
    )
    stands = {event.run_id: event for event in found.steps if event.model == name}
    severities = {alert.severity for alert in firing}
    states = (
        ("page", "page" in severities),
        ("message", bool(severities)),
        ("learning", learning),
        ("silent", not events),
    )
    return ModelStatus(
        model=name,
        state=next((state for state, holds in states if holds), "ok"),
        versions=tuple(sorted({window.version for window in windows})),
        monitored=name in found.monitors,
        events=events,
        dead_letters=found.dead.get(name, 0),
        newest_event_ms=newest,
        event_lag_ms=None if newest is None else now_ms - newest,
        closed_until_ms=final.end_ms if final else None,
        worst_feature=furthest[0] if furthest else None,
        worst_psi_adj=furthest[1] if furthest else None,
        open_alerts=len(firing),
        detector=detector_state(windows, found.monitors.get(name) or Monitor(model=name)),
        labels=label_status([window for window in found.labelled if window.model == name]),
        waiting=tuple(event.version for event in stands.values() if event.step == "candidate"),
    )


def detector_state(windows: Sequence[Window], monitor: Monitor) -> str:
    """Where the detector stands, from the newest window of all events."""
    newest = max(windows, key=lambda window: (window.end_ms, window.revision), default=None)
    if newest is None or newest.watching != "learning":
        return newest.watching if newest else "–"
    learned, needed = ((ms or 0) / _DAY_MS for ms in (newest.learned_ms, monitor.detector.burn_in))
    return f"learning, {learned:.3g} of {needed:.3g} days"


STATES = {
    "page": "◆ page",
    "message": "◇ message",
    "learning": "◌ learning",
    "silent": "◇ silent",
    "ok": "● ok",
}


def status_tables(status: Status) -> list[Table | str]:
    """The status for people."""
    if not status.models:
        models: Table | str = "No model yet. Apply a monitor: driftline apply -f monitor.yaml"
    else:
        models = table(
            None,
            ("model", "state", "versions", ">events", ">dead", "newest event (UTC)", ">behind", "closed until",
             "worst drift", ">PSI adj", "detector", ">open"),
            (
                (
                    model.model,
                    STATES[model.state],
                    ", ".join(model.versions) or "–",
                    count(model.events),
                    count(model.dead_letters),
                    utc(model.newest_event_ms),
                    "–" if model.event_lag_ms is None else span(max(model.event_lag_ms, 0) / 1_000),
                    utc(model.closed_until_ms),
                    model.worst_feature or "–",
                    figure(model.worst_psi_adj),
                    model.detector,
                    count(model.open_alerts),
                )
                for model in status.models
            ),
        )  # fmt: skip
    services: Table | str = table(
        None,
        ("service", "reads", ">behind"),
        ((lag.service, lag.topic, f"{count(lag.records)} records") for lag in status.services),
    )
    if not status.services:
        services = "No service has read anything yet. Start them: driftline up"
    return [
        f"Kafka at {status.bootstrap_servers} ({status.found_in}), {count(status.dead_letters)} dead letters",
        models,
        *label_tables({model.model: model.labels for model in status.models}),
        services,
        *_next_steps(status.models),
    ]


def _next_steps(models: Iterable[ModelStatus]) -> Iterator[str]:
    for model in models:
        if model.open_alerts:
            incidents = "1 open incident" if model.open_alerts == 1 else f"{count(model.open_alerts)} open incidents"
            yield escape(f"{model.model} has {incidents}: driftline alerts --open")
        for version in model.waiting:
            yield escape(f"{model.model} {version} waits for a decision: driftline approvals {version}")
