"""An alert in one plain sentence, made of its evidence."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.alert import Evidence
from services.triggers.incidents import Incident

Form = Callable[[float, int], str]
"""(value, decimals) → text with its unit."""


def _plain(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _sigma(value: float, decimals: int) -> str:
    return f"{value:+.{decimals}f} σ"


def _percent(value: float, decimals: int) -> str:
    return f"{100 * value:.{max(decimals - 1, 0)}f} %"


def _count(value: float, decimals: int) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.{decimals}f}"


def _ms(value: float, decimals: int) -> str:
    return f"{value:,.{max(decimals - 2, 0)}f} ms"


@dataclass(frozen=True, slots=True)
class Wording:
    """How one metric is spoken of. `noun` names a figure of the whole model; features have their own name."""

    label: str
    form: Form
    above: str
    below: str = "is unusually low"
    noun: str = ""


_DRIFTED = "has drifted"
_HIGH = "is high"

WORDINGS: Mapping[str, Wording] = {
    "psi": Wording("PSI", _plain, _DRIFTED),
    "psi_adj": Wording("adjusted PSI", _plain, _DRIFTED),
    "js": Wording("Jensen-Shannon distance", _plain, _DRIFTED),
    "kl": Wording("KL divergence", _plain, _DRIFTED),
    "linf": Wording("L∞ distance", _plain, _DRIFTED),
    "ks": Wording("KS distance", _plain, _DRIFTED),
    "wasserstein": Wording("Wasserstein distance", lambda value, decimals: f"{value:.{decimals}f} σ", _DRIFTED),
    "mean_shift": Wording("mean shift", _sigma, "has shifted up", "has shifted down"),
    "missing_rate": Wording("missing", _percent, "is often missing"),
    "unseen_rate": Wording("unseen values", _percent, "has many values unseen in training"),
    "out_of_range_rate": Wording("out of range", _percent, "is often outside the training range"),
    "volume": Wording("events", _count, _HIGH, "is low", noun="Volume"),
    "latency_p50_ms": Wording("p50", _ms, _HIGH, noun="Median latency"),
    "latency_p95_ms": Wording("p95", _ms, _HIGH, noun="Latency"),
    "latency_p99_ms": Wording("p99", _ms, _HIGH, noun="Latency"),
    "rate_4xx": Wording("4xx", _percent, _HIGH, noun="The rate of refused requests"),
    "rate_5xx": Wording("5xx", _percent, _HIGH, noun="The rate of failed answers"),
    "violation_rate": Wording("dead-lettered", _percent, _HIGH, noun="The rate of invalid events"),
    "prediction_psi": Wording("PSI", _plain, _DRIFTED, noun="The prediction"),
    "prediction_week_psi": Wording(
        "PSI",
        _plain,
        "differs from the week before",
        "is unusually like the week before",
        noun="The prediction",
    ),
    "score_psi": Wording("PSI", _plain, _DRIFTED, noun="The score"),
}


def instant(time_ms: int) -> str:
    """UTC, to the minute, or to the second where that matters."""
    form = "%Y-%m-%d %H:%M" if time_ms % 60_000 == 0 else "%Y-%m-%d %H:%M:%S"
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime(form)


def apart(form: Form, value: float, bound: float) -> tuple[str, str]:
    """Both as text, with as many decimals as it takes to tell them apart (2 to 6)."""
    for decimals in range(2, 6):
        texts = form(value, decimals), form(bound, decimals)
        if value == bound or texts[0] != texts[1]:
            return texts
    return form(value, 6), form(bound, 6)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _figure(evidence: Evidence, page: float | None) -> str:
    wording = WORDINGS[evidence.metric]
    value, bound = apart(wording.form, evidence.value, evidence.bound)
    bounds = f"bound {bound}" if page is None else f"bound {bound}, page {apart(wording.form, evidence.value, page)[1]}"
    stretch = f"{instant(evidence.start_ms)} – {instant(evidence.end_ms)} UTC"
    return f"{wording.label} {value} ({bounds}) over {stretch}"


def _details(evidence: Evidence) -> list[str]:
    score = evidence.score
    parts = []
    if "mean" in score:
        shift = f" ({score['mean_shift']:+.2f} σ)" if "mean_shift" in score else ""
        parts.append(f"mean {_number(score['mean'])}{shift}")
    if score.get("missing_rate") and evidence.metric != "missing_rate":
        parts.append(f"missing {_percent(score['missing_rate'], 2)}")
    for quantile in ("p50", "p95", "p99"):
        name = f"latency_{quantile}_ms"
        if name in score and name != evidence.metric:
            parts.append(f"{quantile} {_ms(score[name], 2)}")
    for name, count in score.items():
        if name.startswith("violations_") and count:
            parts.append(f"{name.removeprefix('violations_')} {count:,.0f}")
    return parts


def _subject(incident: Incident, segment: str) -> str:
    subject = incident.feature or WORDINGS[incident.evidence.metric].noun
    return f"{subject} in {segment}" if segment else subject


def firing(incident: Incident, segment: str, page: float | None) -> str:
    """Of an incident that opened or escalated. `page`: the page bound, where it pages."""
    evidence = incident.evidence
    wording = WORDINGS[evidence.metric]
    phrase = wording.above if incident.side == "above" else wording.below
    sentence = f"{_subject(incident, segment)} {phrase}: {_figure(evidence, page)}"
    details = ", ".join(_details(evidence))
    return f"{sentence}; {details}." if details else f"{sentence}."


def calmed(incident: Incident, segment: str) -> str:
    """Of an incident that windows within the bound resolved."""
    since = instant(incident.first_seen_ms)
    return (
        f"{_subject(incident, segment)} is back within its bound: {_figure(incident.evidence, None)}; "
        f"it had been beyond since {since} UTC."
    )


def withdrawn(incident: Incident, segment: str, reason: str) -> str:
    """Of an incident that nothing judges any more."""
    return (
        f"{_subject(incident, segment)}: closed because {reason}; last {_figure(incident.evidence, None)}, "
        f"open since {instant(incident.first_seen_ms)} UTC."
    )
