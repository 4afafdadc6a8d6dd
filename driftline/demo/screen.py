"""The live screen: pure functions from what is known of the run to what is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from driftline.demo.answers import expected_accuracy, value
from driftline.demo.events import INCIDENT
from driftline.demo.flights import millis
from driftline.demo.retraining import line as retraining_line
from driftline.demo.track import Track
from driftline.history import severity
from driftline.output import bar, count, figure, percent, sparkline, table, utc
from driftline.performance import delays, title_of
from schemas.alert import Alert
from schemas.window import Window

PAGE, MESSAGE, NOW = "dark_orange3", "gold3", "dodger_blue2"
"""Vermillion, amber and blue of the dashboard. Colour never stands alone: shapes and words say the same."""
_STYLE = {"page": PAGE, "message": MESSAGE}
_FULL_BAR = 0.5
WIDE = 120
_BESIDE_SPARK = 50
"""Characters that the other columns of the drift table take."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The run at one moment."""

    sent: int
    total: int
    time_ms: int | None
    """Event time of the replay."""
    speed: float
    events_per_s: float
    track: Track
    holdout: Mapping[str, float]
    """Figures of the model on the week held out, by name."""
    note: str = ""
    """What the operator should know now, such as a service that was restarted."""

    @property
    def lag(self) -> int:
        """Events sent and not judged yet."""
        return max(self.sent - self.track.counted - self.track.dead.total() - self.track.duplicate, 0)


def screen(moment: Moment, width: int, height: int) -> RenderableType:
    """The whole screen; one column in a narrow terminal, two in a wide one."""
    wide = width >= WIDE
    features = max(min(height - (14 if wide else 21), 17), 2)
    spark = max(min((width // 2 if wide else width) - _BESIDE_SPARK, 60), 8)
    drift = _drift(moment.track, features, spark)
    incidents = _incidents(moment.track, 3 if not wide else max(height - 17, 3))
    body: RenderableType
    if wide:
        body = Table.grid(padding=(0, 3), expand=True)
        body.add_column(ratio=1)
        body.add_column(ratio=1)
        body.add_row(drift, Group(incidents, "", _days(moment.track, 4)))
    else:
        body = Group(drift, "", incidents)
    head = Group(_model(moment), _answers(moment, wide=wide), retraining_line(moment.track.retraining))
    return Group(_header(moment, width), "", head, "", body)


def _header(moment: Moment, width: int) -> RenderableType:
    done = moment.sent / moment.total if moment.total else 0.0
    speed = "as fast as it goes" if moment.speed == float("inf") else f"{moment.speed:,.0f} × real time"
    clock = Text.assemble(
        (utc(moment.time_ms), f"bold {NOW}"), " UTC  ",
        (bar(done, 1.0, max(width - 68, 8)), NOW), f" {done:4.0%}  ",
        (f"{count(moment.sent)} of {count(moment.total)} events", ""),
    )  # fmt: skip
    flow = f"{moment.events_per_s:,.0f} events/s, {count(moment.lag)} waiting"
    title = Text.assemble(("Driftline", "bold"), f"  flights from New York in 2013, {speed}", ("  Ctrl-C ends", "dim"))
    return Group(title, clock, Text(flow + (f"   {moment.note}" if moment.note else ""), style="dim"))


def _model(moment: Moment) -> RenderableType:
    track = moment.track
    firing = track.firing
    state = Text("● in order") if not firing else Text(f"{severity(firing[0])}", style=_STYLE[firing[0].severity])
    return Text.assemble(
        ("flights-delay 1  ", "bold"), state,
        f"   {count(track.counted)} counted, {count(track.dead.total())} dead letters"
        f"   {count(track.final_windows)} windows closed, until {utc(track.closed_until_ms, date_only=True)}"
    )  # fmt: skip


def _answers(moment: Moment, *, wide: bool) -> RenderableType:
    """How good the answers of the last closed day were, as far as labels say, and how late these come."""
    day, held_out = moment.track.answers.newest, moment.holdout
    if day is None:
        known = ", ".join(f"{title_of(name)} {held_out[name]:.2f}" for name in ("accuracy", "auc") if name in held_out)
        return Text(f"Answers: no labels yet; on the week held out {known}", style="dim", no_wrap=True)
    told = [f"{utc(day.start_ms, date_only=True)}  accuracy {figure(value(day, 'accuracy'), 2)}"]
    told += [f"{held_out[name]:.2f} held out" for name in ("accuracy",) if name in held_out]
    told += [f"{figure(expected_accuracy(day), 2)} expected", f"AUC {figure(value(day, 'auc'), 2)}"]
    answers = Text.assemble(("Answers  ", "bold"), ", ".join(told), no_wrap=True, overflow="ellipsis")
    labels = f"labels {percent(value(day, 'coverage'))}, delay {delays(day.label_delay_p50_s, day.label_delay_p95_s)}"
    beside = Text(labels, style="dim", no_wrap=True, overflow="ellipsis")
    return answers + Text("   ") + beside if wide else Group(answers, Text("         ") + beside)


def _drift(track: Track, rows: int, spark: int) -> RenderableType:
    if track.newest is None:
        return Text("Drift: waiting for the first week to close.", style="dim")
    names = [*list(track.newest.features)[:rows], "prediction", "score"]
    columns = {**track.newest.features, "prediction": track.newest.prediction, "score": track.newest.score}
    drawn = table(f"Drift in the 7 days to {utc(track.newest.end_ms, date_only=True)}, most important first",
                  ("", "", ">PSI adj", "", ">missing"), ())  # fmt: skip
    for name in names:
        column = columns[name]
        value = column.psi_adj if column else None
        drawn.add_row(
            name,
            Text(bar(value, _FULL_BAR, 12), style=_colour(value)),
            "too few" if column is not None and column.outcome == "too_few" else figure(value, 2),
            Text(sparkline(list(track.drift.get(name, ())), _FULL_BAR, spark), style="dim"),
            percent(column.missing_rate if column else None),
        )
    return drawn


def _incidents(track: Track, rows: int) -> RenderableType:
    firing = track.firing
    resolved = [alert for alert in track.alerts.values() if alert.state == "resolved"]
    title = Text(
        f"{len(firing)} open incident{'' if len(firing) == 1 else 's'}, {len(resolved)} resolved", style="bold"
    )
    if not track.alerts:
        return Group(title, Text("None so far.", style="dim"))
    last = list(track.alerts.values())[::-1]
    shown: list[Alert] = (firing[: max(rows - 1, 1)] or last)[:rows]
    others = [alert for alert in last if alert not in shown][: rows - len(shown)]
    return Group(title, *(_incident(alert) for alert in [*shown, *others]))


def _incident(alert: Alert) -> Text:
    """One line: what changed. How sure it is, and what else, `driftline explain` tells."""
    open_now = alert.state == "firing"
    mark = severity(alert) if open_now else "✓ resolved"
    what = alert.summary.replace(" 00:00", "").partition(";")[0]
    return Text.assemble(
        (f"{mark:<10}", _STYLE[alert.severity] if open_now else "dim"),
        (f" {what}", "" if open_now else "dim"),
        no_wrap=True,
        overflow="ellipsis",
    )


def _days(track: Track, rows: int) -> RenderableType:
    answers = track.answers.days
    return table("Days that closed last", ("day", ">flights", ">5xx", ">p95 ms", ">accuracy", ">expected"), (
        (
            utc(window.start_ms, date_only=True),
            count(window.n),
            percent(window.status.get("5xx", 0) / window.n if window.n else None),
            figure(window.latency_ms.p95, 0) + incident_mark(window),
            figure(value(day, "accuracy") if (day := answers.get(window.start_ms)) else None, 2),
            figure(expected_accuracy(day) if day else None, 2),
        )
        for window in list(track.recent)[-rows:]
    ))  # fmt: skip


def incident_mark(window: Window) -> str:
    """Says so where serving figures come from the scripted incident."""
    start, end = (millis(moment) for moment in INCIDENT)
    return " (scripted)" if window.start_ms < end and window.end_ms > start else ""


def _colour(value: float | None) -> str:
    if value is None or value < 0.1:
        return "default"
    return PAGE if value >= _FULL_BAR else MESSAGE


def line(moment: Moment) -> str:
    """The run in one line, for output that is no terminal."""
    track = moment.track
    pages = sum(alert.severity == "page" for alert in track.firing)
    return (
        f"{utc(moment.time_ms)} UTC  {moment.sent / moment.total if moment.total else 0:4.0%}"
        f"  sent {count(moment.sent)}  counted {count(track.counted)}  dead {count(track.dead.total())}"
        f"  labels {count(track.labels)}"
        f"  waiting {count(moment.lag)}  {moment.events_per_s:,.0f}/s"
        f"  windows {count(track.final_windows)}  open incidents {len(track.firing)} ({pages} page)"
        + (f"  {moment.note}" if moment.note else "")
    )
