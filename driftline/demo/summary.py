"""What a finished or interrupted run prints last."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table

from driftline.demo.answers import Answers, Month, months
from driftline.demo.retraining import summary as retraining_summary
from driftline.demo.track import Track
from driftline.history import severity
from driftline.output import count, figure, percent, span, table
from schemas.alert import Alert

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def summary(track: Track, sent: int, sent_labels: int, seconds: float, *, complete: bool) -> RenderableType:
    """Totals, how good the answers were month by month, and incidents by month and feature."""
    dead = ", ".join(f"{reason} {count(n)}" for reason, n in sorted(track.dead.items()))
    pages = sum(alert.severity == "page" for alert in track.alerts.values())
    totals = table(
        "The run" if complete else "The run, interrupted",
        ("", ">"),
        [
            ("events sent", count(sent)),
            ("counted", count(track.counted)),
            (f"dead letters{f' ({dead})' if dead else ''}", count(track.dead.total())),
            ("too late for windows", count(track.late)),
            ("labels sent", count(sent_labels)),
            ("joined with their prediction", count(track.joined)),
            ("windows closed", count(track.final_windows)),
            ("windows corrected", count(track.corrections)),
            ("incidents", f"{count(len(track.alerts))}, {count(pages)} of them pages"),
            ("events a second", f"{track.counted / seconds:,.0f}" if seconds else "–"),
            ("replayed in", span(seconds)),
        ],
    )
    parts = (totals, by_month(track.answers), retraining_summary(track.retraining), incidents(track.alerts.values()))
    return Group("", *(line for part in parts for line in (part, "")))


def by_month(answers: Answers) -> Table | str:
    """How good the answers were, and what was expected of them before labels; months by scheduled departure."""
    found = months(answers.days.values())
    if not answers.labelled:
        return "No window of performance has labels: how good the answers were is not known."
    rows: tuple[tuple[str, Callable[[Month], str]], ...] = (
        ("labels", lambda month: count(month.labelled)),
        ("of all flights", lambda month: percent(month.coverage)),
        ("accuracy", lambda month: figure(month.accuracy)),
        ("expected before labels", lambda month: figure(month.expected)),
        ("error of what was expected", lambda month: "–" if month.error is None else f"{month.error:+.3f}"),
        ("AUC, mean of the days", lambda month: figure(month.auc)),
    )
    return table(
        "Answers by month",
        ("", *(f">{MONTHS[month.number - 1]}" for month in found)),
        ((name, *map(told, found)) for name, told in rows),
    )


def incidents(alerts: Iterable[Alert]) -> Table | str:
    """Incidents by what they are about (rows) and the month they began in (columns)."""
    began: dict[tuple[str, str], Counter[int]] = {}
    for alert in alerts:
        about = (alert.feature or "the model", alert.rule)
        began.setdefault(about, Counter())[datetime.fromtimestamp(alert.first_seen_ms / 1_000, UTC).month] += 1
    if not began:
        return "No incidents."
    months = [month for month in range(1, 13) if any(by_month[month] for by_month in began.values())]
    ranked = sorted(began.items(), key=lambda item: (-item[1].total(), item[0]))
    return table(
        "Incidents by the month they began in",
        ("about", "rule", *(f">{MONTHS[month - 1]}" for month in months), ">all"),
        (
            (*about, *(str(by_month[month] or "·") for month in months), str(by_month.total()))
            for about, by_month in ranked
        ),
    )


def worth_reading(alerts: Iterable[Alert], rows: int = 5) -> list[str]:
    """The first incidents in words, pages before messages."""
    ranked = sorted(alerts, key=lambda alert: (alert.severity != "page", alert.first_seen_ms))
    return [f"{severity(alert)}  {alert.summary}" for alert in ranked[:rows]]
