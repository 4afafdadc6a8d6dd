"""A figure of labelled answers against a bound: read, gated and told as performance thresholds are."""

from schemas.performance import PerformanceThreshold
from schemas.performance_window import PerformanceWindow
from schemas.retraining_policy import PerformancePolicy
from services.triggers import performance_summary as words
from services.triggers.incidents import step as opened_by
from services.triggers.performance import reading, ripe, sighting
from services.triggers.policies.sight import Run, Scene, Sight, in_a_row, size_from_a_day
from services.triggers.series import SeriesKey


def look(policy: PerformancePolicy, scene: Scene) -> Sight | None:
    """None for a window that is not the policy's, or does not pass its gates yet, or has no such figure."""
    window = scene.window
    size_ms = policy.window or size_from_a_day([spec.size for spec in scene.monitor.performance.windows])
    if not isinstance(window, PerformanceWindow) or window.by != policy.by or window.size_ms != size_ms:
        return None
    rule = threshold_of(policy)
    seen = reading(window, rule) if ripe(window, rule) else None
    if seen is None:
        return None
    incident, _ = opened_by(None, sighting(window, rule, seen))
    key = SeriesKey.of("performance", window, f"{policy.by}/{policy.name}")

    def tell(run: Run) -> str:
        return in_a_row(words.firing(incident, key, None), run) if incident is not None else ""

    return Sight(beyond=incident is not None, amount=1, wanted=policy.for_windows, tell=tell)


def threshold_of(policy: PerformancePolicy) -> PerformanceThreshold:
    """The threshold that judges one window as the policy does."""
    return PerformanceThreshold(
        name=policy.name,
        metric=policy.metric,
        above=policy.above,
        below=policy.below,
        drop=policy.drop,
        sure=policy.sure,
        by=policy.by,
        window=policy.window,
        min_labels=policy.min_labels,
        min_coverage=policy.min_coverage,
        min_age=policy.min_age,
    )
