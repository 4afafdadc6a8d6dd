"""What is said of an alert of the drift detector: both sides of the comparison, the evidence, what else drifts."""

import math
from collections.abc import Callable, Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from driftline.explanation import Words, as_e_value, times_a_month
from driftline.output import bar, count, figure, percent, table
from schemas.alert import Alert
from schemas.monitor import Monitor
from schemas.window import Finding

_BAR = 24
"""Width of a histogram's longest bar, in characters."""

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
}
"""By what was found; `answers` for the shape of prediction, score or confidence."""


def words(alert: Alert, finding: Finding, monitor: Monitor) -> Words:
    """What was found, in the monitor's units and against its levels and budget."""
    levels = monitor.detector
    aside = f" (told from {levels.message:g}, a page from {levels.page:g})" if finding.what == "shape" else ""
    unit = monitor.units.get(alert.feature or "", "")
    return Words(
        effect=f"{_EFFECTS[finding.what](finding.effect)}{aside}, over {count(finding.n)} events",
        how_sure=(
            f"evidence {as_e_value(finding.log_e)} against the bound {as_e_value(alert.evidence.bound)}. While nothing "
            f"drifts, the bound is passed at most {times_a_month(levels.budget)} in this model, over all its columns "
            "and however often one looks"
        ),
        next_step=_NEXT_STEPS[_matter(finding)],
        subject=_subject(finding),
        facts=tuple(_company(alert)),
        tables=(_sides(finding, escape(f" ({unit})") if unit else ""), _histograms(finding)),
    )


def _subject(finding: Finding) -> str:
    """What the alert is about, within a sentence."""
    role, _, name = finding.column.partition("/")
    return name if role == "feature" else f"the {name}"


def _matter(finding: Finding) -> str:
    """The line of `_NEXT_STEPS` that fits."""
    return "answers" if finding.what == "shape" and not finding.column.startswith("feature/") else finding.what


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
