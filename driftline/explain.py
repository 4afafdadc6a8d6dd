"""One alert in full: what changed, since when, how much, how sure, what else drifts, and the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from driftline import explain_drift, explain_labels, history, reading
from driftline.errors import CommandError
from driftline.explanation import Words, windows_command
from driftline.output import count, table, utc
from runtime.settings import KafkaSettings
from schemas.alert import Alert
from schemas.monitor import Monitor

_LISTED = 5
"""How many ids are named where a beginning is not unique."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An alert, and the monitor that holds for its model now."""

    alert: Alert
    monitor: Monitor

    @property
    def words(self) -> Words:
        """What is said of it, by what found it."""
        alert = self.alert
        if alert.finding is not None:
            return explain_drift.words(alert, alert.finding, self.monitor)
        if alert.concept is not None:
            return explain_labels.concept(alert, alert.concept, self.monitor)
        if alert.attribute is not None:
            return explain_labels.fairness(alert, self.monitor)
        if alert.evidence.metric in explain_labels.METRICS:
            return explain_labels.threshold(alert, self.monitor)
        return _threshold(alert)

    @property
    def how_sure(self) -> str:
        """What evidence and bound mean."""
        return self.words.how_sure

    @property
    def effect(self) -> str:
        """How much changed, in the measure that decides between silence, a message and a page."""
        return self.words.effect

    @property
    def next_step(self) -> str:
        """What to do about it."""
        alert, words = self.alert, self.words
        windows = windows_command(alert, words)
        if alert.state == "resolved":
            return f"none: it is over since {utc(alert.resolved_ms)} UTC. To look back: {windows}"
        return words.next_step.format(subject=words.subject, since=utc(alert.first_seen_ms), windows=windows)

    def as_json(self) -> dict[str, Any]:
        """The alert as it stands on its topic, and what is said of it."""
        return {
            "alert": self.alert.model_dump(mode="json", by_alias=True),
            "how_sure": self.how_sure,
            "effect": self.effect,
            "next_step": self.next_step,
        }

    def page(self) -> Group:
        """All of it for people, part by part."""
        words = self.words
        tables = words.tables or (_figures(self.alert.evidence.score),)
        parts: list[RenderableType] = [Text(self.alert.summary, style="bold"), self._facts(words)]
        parts += [made for made in tables if made.row_count]
        spaced = ((part, Text()) for part in parts)
        return Group(*chain.from_iterable(spaced), Text(f"Next step: {self.next_step}"))

    def _facts(self, words: Words) -> Table:
        alert, evidence = self.alert, self.alert.evidence
        made = Table.grid(padding=(0, 2))
        for label, text in (
            ("alert", f"{alert.alert_id}, revision {alert.revision}, rule {alert.rule}"),
            ("model", " ".join(filter(None, (alert.model, alert.version, alert.segment)))),
            ("severity", history.severity(alert)),
            ("since", f"{utc(alert.first_seen_ms)} UTC, last seen {utc(alert.last_seen_ms)} UTC"),
            ("until", f"{utc(alert.resolved_ms)} UTC" if alert.state == "resolved" else "open"),
            ("window", f"{utc(evidence.start_ms)} – {utc(evidence.end_ms)} UTC, revision {evidence.revision}"),
            ("effect", words.effect),
            ("how sure", words.how_sure),
            *words.facts,
        ):
            made.add_row(Text(label, style="dim"), Text(text))
        return made


def read(settings: KafkaSettings, beginning: str) -> Explanation:
    """The alert whose id begins so, explained. Raises CommandError where there is none, or more than one."""
    alert = choose(history.alerts(settings, None), beginning)
    monitors = reading.newest(settings, "monitors", Monitor)
    return Explanation(alert, monitors.get(alert.model) or Monitor(model=alert.model))


def choose(alerts: Sequence[Alert], beginning: str) -> Alert:
    """The one alert whose id begins so. Raises CommandError where there is none, or more than one."""
    found = [alert for alert in alerts if alert.alert_id.startswith(beginning)]
    exact = [alert for alert in found if alert.alert_id == beginning]
    if len(found) == 1 or exact:
        return (exact or found)[0]
    if not found:
        raise CommandError(
            f"No alert's id begins with {beginning!r}.", "take one from the first column of `driftline alerts`"
        )
    ids = ", ".join(alert.alert_id for alert in found[:_LISTED])
    raise CommandError(
        f"{len(found):,} alerts' ids begin with {beginning!r}: {ids}{', …' if len(found) > _LISTED else ''}.",
        "give more of the id",
    )


def _threshold(alert: Alert) -> Words:
    """A plain threshold on what was counted."""
    evidence = alert.evidence
    return Words(
        effect=f"{evidence.metric} {evidence.value:.4g}",
        how_sure=(
            f"a plain threshold: {evidence.metric} {evidence.value:.4g} against the bound {evidence.bound:.4g} "
            f"in one window of {count(evidence.n)} events; how often chance alone does that is not known"
        ),
        next_step="look at the windows around it: {windows}",
        subject=alert.feature or "the model",
    )


def _figures(score: Mapping[str, float]) -> Table:
    return table(None, ("further figures", ">"), ((escape(name), f"{value:.4g}") for name, value in score.items()))
