"""What a window makes of the monitor's retraining policies: the requests it brings, and the row to remember.

Every policy looks at each of its windows once, in the order of their start: at the first final revision that passes its
gates. Corrections, and windows that were overtaken, change nothing; so a replay asks for nothing twice.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow
from schemas.retraining import RetrainingRequest, trigger_id_of
from schemas.retraining_policy import Priority, RetrainingPolicy
from services.triggers.policies import drift, performance, schedule, volume
from services.triggers.policies.memory import Memory, row_key, version_of
from services.triggers.policies.sight import Run, Scene, Sight, step
from services.triggers.series import AnyWindow, Past

ACTOR = "triggers"
LOOKS: Mapping[str, Callable[[Any, Scene], Sight | None]] = {
    "performance": performance.look,
    "drift": drift.look,
    "volume": volume.look,
    "calendar": schedule.look,
}
"""By kind of policy: what it sees in a window; None where that is nothing, and the window does not count."""
_FIRST: tuple[Priority, ...] = ("high", "normal", "low")


class Asking(NamedTuple):
    """Requests to publish, in order, and then the row to write."""

    requests: tuple[RetrainingRequest, ...] = ()
    writes: Mapping[bytes, bytes | None] = {}


def ask(
    window: AnyWindow,
    monitor: Monitor,
    rows: Mapping[bytes, bytes],
    incidents: Past,
    snoozed_until_ms: int | None = None,
) -> Asking:
    """Shows a final window to every policy. `incidents` are those after it; only windows of all events count."""
    if window.segment:
        return Asking()
    memory, moved = Memory.read(rows.get(row_key(window.model)), moment_ms(window)), False
    requests: list[RetrainingRequest] = []
    counting = {policy.name for policy in monitor.retraining if policy.kind == "volume"}
    for policy in sorted(monitor.retraining, key=lambda policy: _FIRST.index(policy.priority)):
        version = version_of(policy, window.version)
        before = memory.runs.get(policy.name, {}).get(version)
        if before is not None and window.start_ms <= before.start_ms:
            continue
        sight = LOOKS[policy.kind](policy, Scene(window, monitor, incidents, before))
        if sight is None:
            continue
        run, moved = step(before, sight, window, _digest(policy)), True
        memory = memory.with_run(policy.name, version, run)
        if sight.beyond and run.total >= sight.wanted and not memory.holds_back(policy, snoozed_until_ms):
            requests.append(_request(policy, window, run, sight, memory.clock_ms))
            memory = memory.after(requests[-1], policy, counting)
    if not moved:
        return Asking()
    return Asking(tuple(requests), {row_key(window.model): memory.kept(monitor.retraining).to_json()})


def moment_ms(window: AnyWindow) -> int:
    """Event time at which a window was known as it is: its end, or how far labels had been read by then."""
    read_ms = window.labels_until_ms if isinstance(window, PerformanceWindow) else None
    return window.end_ms if read_ms is None else max(window.end_ms, read_ms)


def _request(policy: RetrainingPolicy, window: AnyWindow, run: Run, sight: Sight, clock_ms: int) -> RetrainingRequest:
    return RetrainingRequest(
        trigger_id=trigger_id_of(window.model, policy.name, run.windows[0]),
        model=window.model,
        version=window.version,
        policy=policy.name,
        kind=policy.kind,
        priority=policy.priority,
        reason=sight.tell(run),
        window_ids=run.windows,
        requested_ms=clock_ms,
        actor=ACTOR,
    )


def _digest(policy: RetrainingPolicy) -> str:
    return hashlib.sha256(policy.to_json()).hexdigest()[:16]
