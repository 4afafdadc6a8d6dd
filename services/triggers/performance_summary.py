"""A performance incident in one plain sentence: the figure, how sure, against what, when."""

from collections.abc import Mapping

from schemas.alert import Evidence
from services.triggers.incidents import BEYOND, Incident
from services.triggers.quantities import percent
from services.triggers.series import SeriesKey
from services.triggers.summary import Form, apart, instant


def _plain(value: float, decimals: int) -> str:
    """Thousands apart; small ones with as many digits as decimals were asked for."""
    return f"{value:,.{decimals}f}" if abs(value) >= 0.1 or value == 0 else f"{value:.{decimals}g}"


def _share(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _percent(value: float, decimals: int) -> str:
    return f"{100 * value:.{decimals - 2}f} %"


def _duration(value: float, decimals: int) -> str:
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if abs(value) >= least * size:
            return f"{value / size:,.{decimals - 1}f} {unit}"
    return f"{value:.{decimals - 1}f} s"


WORDINGS: Mapping[str, tuple[str, Form]] = {
    "accuracy": ("Accuracy", _share),
    "precision": ("Precision", _share),
    "recall": ("Recall", _share),
    "f1": ("F1", _share),
    **{
        f"{form}_{mean}": (f"{noun} ({mean})", _share)
        for form, noun in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1"))
        for mean in ("macro", "weighted")
    },
    "auc": ("AUC", _share),
    "log_loss": ("Log loss", _plain),
    "brier": ("Brier score", _plain),
    "calibration_error": ("Calibration error", _plain),
    "mae": ("Mean absolute error", _plain),
    "rmse": ("Root mean squared error", _plain),
    "mape": ("Mean absolute percentage error", _percent),
    "r2": ("R²", _share),
    "bias": ("Bias", _plain),
    "value": ("Value a prediction", _plain),
    "coverage": ("Label coverage", _percent),
    "label_delay_p95_s": ("Label delay (p95)", _duration),
}
"""By metric: how it is called, and how its numbers are written."""


def firing(incident: Incident, key: SeriesKey, page: float | None) -> str:
    """Of an incident that opened or escalated. `page`: the page bound, where it pages."""
    return f"{_subject(incident, key)} is {_figure(incident, key, page)}."


def calmed(incident: Incident, key: SeriesKey) -> str:
    """Of an incident that windows within the bound resolved, or windows that may be so by chance."""
    evidence = incident.evidence
    still = BEYOND[incident.side](evidence.value, evidence.bound)
    how = "no longer surely beyond its bound" if still else "back within its bound"
    since = instant(incident.first_seen_ms)
    figure = _figure(incident, key, None)
    return f"{_subject(incident, key)} is {how}: {figure}; it had been beyond since {since} UTC."


def withdrawn(incident: Incident, key: SeriesKey, reason: str) -> str:
    """Of an incident that nothing judges any more."""
    since = instant(incident.first_seen_ms)
    last = _figure(incident, key, None)
    return f"{_subject(incident, key)}: closed because {reason}; last {last}, open since {since} UTC."


def _subject(incident: Incident, key: SeriesKey) -> str:
    noun, _ = WORDINGS[incident.evidence.metric]
    where = f" in {key.segment}" if key.segment else ""
    return f"{noun} of {key.model} {key.version}{where}"


def _figure(incident: Incident, key: SeriesKey, page: float | None) -> str:
    evidence = incident.evidence
    by = " by label time" if key.rule.startswith("label_time/") else ""
    stretch = f"{instant(evidence.start_ms)} – {instant(evidence.end_ms)} UTC{by}"
    told = _dropped if incident.side == "drop" else _bounded
    return f"{told(evidence, page)} over {stretch}"


def _bounded(evidence: Evidence, page: float | None) -> str:
    """Such as `0.71 (0.69 to 0.73, 1,240 labels) against 0.79 in the baseline, below the bound of 0.75`."""
    value, bound = apart(_form(evidence), evidence.value, evidence.bound)
    side = "above" if evidence.value > evidence.bound else "below" if evidence.value < evidence.bound else "at"
    paging = f" (page {_form(evidence)(page, 2)})" if page is not None else ""
    return f"{value}{_aside(evidence)}{_against(evidence)}, {side} the bound of {bound}{paging}"


def _dropped(evidence: Evidence, page: float | None) -> str:
    """Such as `0.71 (0.69 to 0.73, 1,240 labels) against 0.79 in the baseline, worse by 0.08 (bound 0.05)`."""
    form, value = _form(evidence), evidence.score.get(evidence.metric)
    worse, bound = apart(form, abs(evidence.value), evidence.bound)
    paging = f", page {form(page, 2)}" if page is not None else ""
    figure = f"{form(value, 2)}{_aside(evidence)}{_against(evidence)}, " if value is not None else ""
    return f"{figure}{'worse' if evidence.value > 0 else 'better'} by {worse} (bound {bound}{paging})"


def _form(evidence: Evidence) -> Form:
    return WORDINGS[evidence.metric][1]


def _aside(evidence: Evidence) -> str:
    """Interval and counts, in brackets; nothing of evidence that a row kept, which has no further figures."""
    score, form = evidence.score, _form(evidence)
    labels, predictions = score.get("labels", 0.0), score.get("predictions", 0.0)
    parts = [f"{form(score['low'], 2)} to {form(score['high'], 2)}"] if {"low", "high"} <= score.keys() else []
    if evidence.metric == "coverage":
        parts.append(f"{labels:,.0f} of {predictions:,.0f} predictions")
    else:
        parts.append(f"{labels:,.0f} label{'s' if labels != 1 else ''}")
        parts += [f"{percent(labels / predictions)} of predictions"] if predictions else []
    return f" ({', '.join(parts)})" if score else ""


def _against(evidence: Evidence) -> str:
    reference = evidence.score.get("reference")
    return f" against {_form(evidence)(reference, 2)} in the baseline" if reference is not None else ""
