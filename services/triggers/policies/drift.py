"""Drift: the detectors' open incidents, or a score of enough features."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from schemas.performance_window import PerformanceWindow
from schemas.retraining_policy import DriftPolicy
from schemas.window import Window
from services.triggers.concept_summary import WORDINGS as CHANGES
from services.triggers.concept_summary import finding_of
from services.triggers.incidents import Incident
from services.triggers.policies.sight import Run, Scene, Sight, in_a_row, size_from_a_day
from services.triggers.quantities import pair, percents
from services.triggers.series import SeriesKey
from services.triggers.summary import WORDINGS, instant

NAMED = 5
"""Features that a reason names at most."""


class Beyond(NamedTuple):
    """Features that drift."""

    phrase: str
    """How that is said of several."""
    told: Mapping[str, str]
    """What is said of each."""


def look(policy: DriftPolicy, scene: Scene) -> Sight | None:
    """None for a window that is not the policy's, or that nothing can be said of."""
    return _LOOKS.get(policy.signal, _by_score)(policy, scene)


def _by_detector(policy: DriftPolicy, scene: Scene) -> Sight | None:
    window = scene.window
    if not isinstance(window, Window) or window.detection is None:
        return None
    if window.size_ms != scene.monitor.detector_pane_ms:
        return None
    drifting = {incident.feature for incident in _open(scene, SeriesKey.of("detector", window))}
    names = [name for name in window.features if name in drifting]
    return _counted(
        policy, scene, list(window.features), Beyond("drift by the detector", {name: name for name in names})
    )


def _by_score(policy: DriftPolicy, scene: Scene) -> Sight | None:
    window = scene.window
    size_ms = policy.window or size_from_a_day([spec.size for spec in scene.monitor.windows])
    if not isinstance(window, Window) or window.size_ms != size_ms or policy.above is None:
        return None
    scores: dict[str, float] = {
        name: score
        for name, column in window.features.items()
        if column.outcome == "ok"
        and column.n >= policy.min_count
        and (score := getattr(column, policy.signal)) is not None
    }
    beyond = {name: f"{name} {score:.3g}" for name, score in scores.items() if score > policy.above}
    phrase = f"drift by {WORDINGS[policy.signal].label} (bound {policy.above:g})"
    judged = list(scores) if policy.share is not None else list(window.features)
    return _counted(policy, scene, judged, Beyond(phrase, beyond)) if scores else None


def _counted(policy: DriftPolicy, scene: Scene, features: Sequence[str], beyond: Beyond) -> Sight:
    """Whether enough of the features, most important first, are beyond."""
    if policy.share is not None:
        pool, wanted, of = features, policy.share * len(features), f"{len(features)} features"
    else:
        pool = features[: policy.top or scene.monitor.top]
        wanted, of = float(policy.features or 1), f"{len(pool)} most important features"
    told = [beyond.told[name] for name in pool if name in beyond.told]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    stretch = f"{instant(scene.window.start_ms)} – {instant(scene.window.end_ms)} UTC"
    sentence = f"{len(told)} of the {of} {beyond.phrase}: {', '.join(told[:NAMED])}{more}, over {stretch}."

    def tell(run: Run) -> str:
        return in_a_row(sentence, run)

    return Sight(beyond=bool(told) and len(told) >= wanted, amount=1, wanted=policy.for_windows, tell=tell)


def _by_concept(policy: DriftPolicy, scene: Scene) -> Sight | None:
    window = scene.window
    if not isinstance(window, PerformanceWindow) or window.by != "label_time" or window.detection is None:
        return None
    if window.size_ms != scene.monitor.performance.detector_pane_ms:
        return None
    incidents = _open(scene, SeriesKey.of("concept", window))
    regression = window.task == "regression"

    def tell(run: Run) -> str:
        changes = "; ".join(_change(incident, regression=regression) for incident in incidents)
        return in_a_row(f"{changes}, by the concept detector.", run)

    return Sight(beyond=bool(incidents), amount=1, wanted=policy.for_windows, tell=tell)


def _change(incident: Incident, *, regression: bool) -> str:
    finding = finding_of(incident)
    expected, now = (pair if regression else percents)(finding.expected, finding.now)
    words = CHANGES[finding.what]
    unit = " (mean absolute error)" if regression else ""
    since = instant(incident.first_seen_ms)
    return f"{words.subject} {words.found.format(expected=expected, now=now, unit=unit, since=since)}"


def _open(scene: Scene, key: SeriesKey) -> list[Incident]:
    series = scene.incidents(key)
    return [incident for incident in series.incidents if incident.state == "firing"] if series is not None else []


_LOOKS: Mapping[str, Callable[[DriftPolicy, Scene], Sight | None]] = {
    "detector": _by_detector,
    "concept": _by_concept,
}
"""By signal; every other one is a score."""
