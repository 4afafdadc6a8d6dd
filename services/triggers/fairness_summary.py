"""An unfair difference in one plain sentence: both rates with their intervals, the limit, when."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.alert import Evidence
from schemas.performance_window import FairnessWindow, Figure, GroupRates, PerformanceWindow
from services.triggers.incidents import Incident
from services.triggers.quantities import percent
from services.triggers.series import SeriesKey
from services.triggers.summary import apart, instant


class Wording(NamedTuple):
    """How one limit is spoken of."""

    label: str
    unfair: Callable[[FairnessWindow], str]
    """Follows the group."""
    rates: Mapping[str, str]
    """Of schemas.performance_window.GroupRates: those that the figure is made from, and how they are introduced."""
    had: str
    """What it was until it was over."""


WORDINGS: Mapping[str, Wording] = {
    "impact_ratio": Wording(
        "impact ratio",
        lambda compared: f"gets {compared.favourable} less often than {compared.against}",
        {"selection_rate": ""},
        "it got the favourable answer less often",
    ),
    "odds_difference": Wording(
        "odds difference",
        lambda compared: f"is answered otherwise than {compared.against} where the outcome is the same",
        {"true_positive_rate": "true positives ", "false_positive_rate": "false positives "},
        "it was answered otherwise",
    ),
}
"""By limit."""


def firing(incident: Incident, key: SeriesKey, window: PerformanceWindow) -> str:
    """Of an incident that the window opened."""
    compared = _compared(incident, window)
    phrase = WORDINGS[incident.evidence.metric].unfair(compared)
    return f"{_subject(incident, key)} {phrase}: {_rates(incident, compared)}; {_figure(incident.evidence)}."


def calmed(incident: Incident, key: SeriesKey, window: PerformanceWindow) -> str:
    """Of an incident that the window resolved."""
    rates, wording = _rates(incident, _compared(incident, window)), WORDINGS[incident.evidence.metric]
    since = instant(incident.first_seen_ms)
    return (
        f"{_subject(incident, key)} no longer surely passes the limit: {rates}; {_figure(incident.evidence)}; "
        f"{wording.had} since {since} UTC."
    )


def withdrawn(incident: Incident, key: SeriesKey, reason: str) -> str:
    """Of an incident that nothing judges any more."""
    since = instant(incident.first_seen_ms)
    last = _figure(incident.evidence)
    return f"{_subject(incident, key)}: closed because {reason}; last {last}, open since {since} UTC."


def _compared(incident: Incident, window: PerformanceWindow) -> FairnessWindow:
    return next(compared for compared in window.fairness if compared.attribute == incident.attribute)


def _subject(incident: Incident, key: SeriesKey) -> str:
    where = f" in {key.segment}" if key.segment else ""
    return f"{incident.attribute} {incident.group} of {key.model} {key.version}{where}"


def _rates(incident: Incident, compared: FairnessWindow) -> str:
    """Such as `62 % (57 % to 67 %, 280 events) against 85 % (80 % to 89 %, 300 events)`."""
    own, other = compared.groups.get(incident.group or ""), compared.groups.get(compared.against)
    if own is None or other is None:
        return f"against {compared.against}"
    rates = WORDINGS[incident.evidence.metric].rates.items()
    return ", ".join(f"{intro}{_rate(own, name)} against {_rate(other, name)}" for name, intro in rates)


def _rate(group: GroupRates, name: str) -> str:
    figure: Figure = getattr(group, name)
    if figure.value is None or figure.low is None or figure.high is None:
        return f"unknown ({figure.why_not})"
    return f"{percent(figure.value)} ({percent(figure.low)} to {percent(figure.high)}, {figure.n:,} events)"


def _figure(evidence: Evidence) -> str:
    value, bound = apart(lambda figure, decimals: f"{figure:.{decimals}f}", evidence.value, evidence.bound)
    low, high = evidence.score.get("low"), evidence.score.get("high")
    interval = f"{low:.2f} to {high:.2f}, " if low is not None and high is not None else ""
    stretch = f"{instant(evidence.start_ms)} – {instant(evidence.end_ms)} UTC"
    return f"{WORDINGS[evidence.metric].label} {value} ({interval}limit {bound}) over {stretch}"
