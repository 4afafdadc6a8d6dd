"""Enough new labels: counted by label time, in windows of one size that lie side by side, each once."""

from schemas.performance_window import PerformanceWindow
from schemas.retraining_policy import VolumePolicy
from services.triggers.policies.sight import Run, Scene, Sight
from services.triggers.summary import instant


def look(policy: VolumePolicy, scene: Scene) -> Sight | None:
    """Every window by label time adds its labels, as it is when it closes; None for windows that overlap those."""
    window = scene.window
    size_ms = policy.window or min(spec.size for spec in scene.monitor.performance.windows)
    if not isinstance(window, PerformanceWindow) or window.by != "label_time":
        return None
    if window.size_ms != size_ms or window.start_ms % size_ms:
        return None

    def tell(run: Run) -> str:
        since = instant(window.start_ms if run.opened_ms is None else run.opened_ms)
        return f"{run.total:,} labels came since {since} UTC; the policy asks every {policy.labels:,}."

    return Sight(beyond=True, amount=window.labelled, wanted=policy.labels, tell=tell)
