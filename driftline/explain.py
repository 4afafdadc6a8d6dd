"""One alert in full: what changed, since when, how much, how sure, what else drifts, and the next step."""

import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from driftline import history, reading
from driftline.errors import CommandError
from driftline.output import bar, count, figure, percent, table, utc
from runtime.settings import KafkaSettings
from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.window import Finding

_BAR = 24
"""Width of a histogram's longest bar, in characters."""
_LISTED = 5
"""How many ids are named where a beginning is not unique."""

_SIZES = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))

_EFFECTS: Mapping[str, Callable[[float], str]] = {
    "shape": lambda effect: f"adjusted PSI {effect:.3f}",
    "missing": lambda effect: f"missing {100 * effect:+.1f} percentage points",
    "unseen": lambda effect: f"unseen in training {100 * effect:+.1f} percentage points",
    "nonfinite": lambda effect: f"not finite {100 * effect:+.1f} percentage points",
    "volume": lambda effect: f"{100 * effect:+,.0f} % against what was expected",
}
"""By what was found: its effect, for a person."""

_NEXT_STEPS: Mapping[str, str] = {
    "shape": (
        "find what changed in {subject} at {since} UTC, in its source or in the world. If it stays so, train a version "
        "on data since then, and build its baseline with `driftline baseline build`. Window by window: {windows}"
    ),
    "answers": (
        "see whether the inputs explain it: `driftline alerts --open` names those that drift. If none does, look at "
        "what was deployed at {since} UTC. Window by window: {windows}"
    ),
    "missing": "ask who delivers {subject} what changed at {since} UTC. Window by window: {windows}",
    "unseen": (
        "see which values of {subject} are new since {since} UTC: a mistake to mend at the source, or a reason to "
        "train a version that knows them. Window by window: {windows}"
    ),
    "nonfinite": "look where {subject} is computed: NaN or infinity since {since} UTC. Window by window: {windows}",
    "volume": (
        "look at the callers, and at `driftline status` for lag, dead letters and silent services. "
        "Window by window: {windows}"
    ),
    "threshold": "look at the windows around it: {windows}",
}
"""By what was found; `answers` for the shape of prediction, score or confidence, `threshold` for plain thresholds."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An alert, and the monitor that holds for its model now."""

    alert: Alert
    monitor: Monitor

    @property
    def how_sure(self) -> str:
        """What evidence and bound mean."""
        finding, evidence = self.alert.finding, self.alert.evidence
        if finding is None:
            return (
                f"a plain threshold: {evidence.metric} {evidence.value:.4g} against the bound {evidence.bound:.4g} "
                f"in one window of {count(evidence.n)} events; how often chance alone does that is not known"
            )
        budget = self.monitor.detector.budget
        return (
            f"evidence {_e_value(finding.log_e)} against the bound {_e_value(evidence.bound)}. While nothing drifts, "
            f"the bound is passed at most {'once' if budget == 1 else f'{budget:g} times'} a month in this model, over "
            "all its columns and however often one looks"
        )

    @property
    def effect(self) -> str:
        """How much changed, in the measure that decides between silence, a message and a page."""
        finding, evidence = self.alert.finding, self.alert.evidence
        if finding is None:
            return f"{evidence.metric} {evidence.value:.4g}"
        levels = self.monitor.detector
        aside = f" (told from {levels.message:g}, a page from {levels.page:g})" if finding.what == "shape" else ""
        return f"{_EFFECTS[finding.what](finding.effect)}{aside}, over {count(finding.n)} events"

    @property
    def next_step(self) -> str:
        """What to do about it."""
        alert, windows = self.alert, _windows_command(self.alert)
        if alert.state == "resolved":
            return f"none: it is over since {utc(alert.resolved_ms)} UTC. To look back: {windows}"
        return _NEXT_STEPS[_matter(alert)].format(
            subject=_subject(alert), since=utc(alert.first_seen_ms), windows=windows
        )

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
        finding = self.alert.finding
        parts: list[RenderableType] = [Text(self.alert.summary, style="bold"), self._facts()]
        tables = (
            (_figures(self.alert.evidence.score),)
            if finding is None
            else (_sides(finding, self._unit()), _histograms(finding))
        )
        parts += [made for made in tables if made.row_count]
        spaced = ((part, Text()) for part in parts)
        return Group(*chain.from_iterable(spaced), Text(f"Next step: {self.next_step}"))

    def _facts(self) -> Table:
        alert, evidence = self.alert, self.alert.evidence
        made = Table.grid(padding=(0, 2))
        for label, text in (
            ("alert", f"{alert.alert_id}, revision {alert.revision}, rule {alert.rule}"),
            ("model", " ".join(filter(None, (alert.model, alert.version, alert.segment)))),
            ("severity", history.severity(alert)),
            ("since", f"{utc(alert.first_seen_ms)} UTC, last seen {utc(alert.last_seen_ms)} UTC"),
            ("until", f"{utc(alert.resolved_ms)} UTC" if alert.state == "resolved" else "open"),
            ("window", f"{utc(evidence.start_ms)} – {utc(evidence.end_ms)} UTC, revision {evidence.revision}"),
            ("effect", self.effect),
            ("how sure", self.how_sure),
            *_company(alert),
        ):
            made.add_row(Text(label, style="dim"), Text(text))
        return made

    def _unit(self) -> str:
        unit = self.monitor.units.get(self.alert.feature or "", "")
        return escape(f" ({unit})") if unit else ""


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


def _e_value(log_e: float) -> str:
    """Given by its natural logarithm: `e^11.4 (about 89,000)`; great ones as a power of ten."""
    value = f"{float(f'{math.exp(log_e):.2g}'):,g}" if log_e < math.log(1e6) else f"10^{log_e / math.log(10):.0f}"
    return f"e^{log_e:.1f} (about {value})"


def _subject(alert: Alert) -> str:
    """What the alert is about, within a sentence."""
    if alert.finding is None:
        return alert.feature or "the model"
    role, _, name = alert.finding.column.partition("/")
    return name if role == "feature" else f"the {name}"


def _matter(alert: Alert) -> str:
    """The line of `_NEXT_STEPS` that fits."""
    finding = alert.finding
    if finding is None:
        return "threshold"
    return "answers" if finding.what == "shape" and not finding.column.startswith("feature/") else finding.what


def _windows_command(alert: Alert) -> str:
    size_ms = alert.evidence.end_ms - alert.evidence.start_ms
    unit, unit_ms = next((unit, unit_ms) for unit, unit_ms in _SIZES if size_ms % unit_ms == 0)
    options = {
        "model": alert.model,
        "version": alert.version,
        "segment": alert.segment,
        "size": f"{size_ms // unit_ms}{unit}",
        "since": utc(alert.first_seen_ms).replace(" ", "T"),
    }
    return "driftline windows " + " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())


def _company(alert: Alert) -> Iterator[tuple[str, str]]:
    if alert.also:
        yield "also drift", f"{', '.join(alert.also)} (most important first)"
    if alert.prediction_drifts is not None and not (alert.finding and alert.finding.column.startswith("prediction/")):
        yield "prediction", "drifts too" if alert.prediction_drifts else "does not drift"


def _sides(finding: Finding, unit: str) -> Table:
    """What was expected and what came, figure by figure; what neither side has is left out."""
    reference, now = finding.reference, finding.now
    scale = abs(reference.std or reference.mean or 1.0)
    decimals = min(max(1 - math.floor(math.log10(scale)), 0), 9)
    rows = (
        ("events a pane" if finding.what == "volume" else f"mean{unit}", *_both(finding, "mean", decimals)),
        (f"standard deviation{unit}", *_both(finding, "std", decimals)),
        ("most frequent", escape(reference.mode or "–"), escape(now.mode or "–")),
        ("its share", percent(reference.mode_rate), percent(now.mode_rate)),
        ("missing", percent(reference.missing_rate), percent(now.missing_rate)),
        ("unseen in training", percent(reference.unseen_rate), percent(now.unseen_rate)),
        ("not finite", percent(reference.nonfinite_rate), percent(now.nonfinite_rate)),
    )
    nothing = {("–", "–"), (percent(0.0), percent(0.0))}
    return table(None, ("", ">expected", ">now"), (row for row in rows if row[1:] not in nothing))


def _both(finding: Finding, name: str, decimals: int) -> tuple[str, str]:
    return figure(getattr(finding.reference, name), decimals), figure(getattr(finding.now, name), decimals)


def _histograms(finding: Finding) -> Table:
    """Shares of the cells, what was expected beside what came, on one scale."""
    expected, now = finding.reference.shares, finding.now.shares
    top = max((*expected, *now), default=0.0) or 1.0
    return table(
        None,
        ("", ">expected", "", ">now", ""),
        (
            (escape(cell), percent(before), bar(before, top, _BAR), percent(after), bar(after, top, _BAR))
            for cell, before, after in zip(finding.cells, expected, now, strict=False)
        ),
    )


def _figures(score: Mapping[str, float]) -> Table:
    return table(None, ("further figures", ">"), ((escape(name), f"{value:.4g}") for name, value in score.items()))
