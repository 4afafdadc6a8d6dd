"""The topic catalogue: every topic on one screen, the single place that names keys, values, producers and consumers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel

from schemas.alert import Alert
from schemas.approval import Approval
from schemas.baseline import Baseline
from schemas.dead_letter import DeadLetter
from schemas.label import Label
from schemas.ledger import Ledger
from schemas.model_event import ModelEvent
from schemas.monitor import Monitor
from schemas.outcome import Outcome
from schemas.performance_window import PerformanceWindow
from schemas.plan_change import PlanChange
from schemas.prediction import Prediction
from schemas.profile import Mark, Profile
from schemas.retraining import RetrainingRequest, RetrainingSnooze
from schemas.rollout import RolloutAudit, RolloutDesired, RolloutObserved
from schemas.window import Window

DAY_MS = 86_400_000
HISTORY_MS = 182 * DAY_MS
"""Twice the longest horizon of labels, and what is late: as long as a join's store may have to be rebuilt from."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `partitions` is the default for a new topic; predictions and labels always share theirs."""

    name: str
    key: str
    values: tuple[type[BaseModel], ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = 4
    cleanup: str = "delete"
    retention_ms: int = 7 * DAY_MS
    max_message_bytes: int = 1_048_576
    history_ms: int = 0
    """Of a compacted topic: for how long records stay after a newer one of their key."""
    doc: str = ""

    @property
    def config(self) -> dict[str, str]:
        """The broker's settings for the topic."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        } | ({"min.compaction.lag.ms": str(self.history_ms)} if self.history_ms else {})


_ALL = (
    Topic(
        "predictions",
        "prediction_id",
        (Prediction,),
        ("producers", "gateway", "ingest", "performance-join"),
        ("drift-fold", "performance-join", "archive"),
        retention_ms=15 * DAY_MS,
        max_message_bytes=8_388_608,
        doc="What models answered, kept longer than labels take. JSON, or Arrow record batches under any key.",
    ),
    Topic(
        "labels",
        "prediction_id",
        (Label,),
        ("producers", "ingest", "performance-join"),
        ("performance-join", "archive"),
        retention_ms=91 * DAY_MS,
        doc="The truth, once known. Keyed and partitioned as predictions.",
    ),
    Topic(
        "monitors",
        "model",
        (Monitor,),
        ("driftline",),
        ("drift-fold", "drift-windows", "performance-join", "performance-windows", "triggers"),
        partitions=1,
        cleanup="compact",
        history_ms=HISTORY_MS,
        doc="How each model is watched.",
    ),
    Topic(
        "baselines",
        "model/version",
        (Baseline,),
        ("driftline", "drift-windows", "retraining"),
        ("drift-fold", "drift-windows", "performance-join", "performance-windows"),
        partitions=1,
        cleanup="compact",
        max_message_bytes=8_388_608,
        history_ms=HISTORY_MS,
        doc="What each model version was trained on, as counts.",
    ),
    Topic(
        "plans",
        "topic_id/partition of predictions",
        (PlanChange,),
        ("performance-join",),
        ("performance-join",),
        partitions=1,
        retention_ms=HISTORY_MS,
        doc="By which monitors and baselines predictions and labels were joined, from which offsets on.",
    ),
    Topic(
        "profiles",
        "model (marks: mark)",
        (Profile, Mark),
        ("drift-fold",),
        ("drift-windows",),
        max_message_bytes=8_388_608,
        doc="Partial counts of predictions, and how far partitions were read.",
    ),
    Topic(
        "outcomes",
        "model (marks: mark)",
        (Outcome, Mark),
        ("performance-join",),
        ("performance-windows",),
        max_message_bytes=8_388_608,
        doc="Partial counts of predictions joined with labels, and how far both were read.",
    ),
    Topic(
        "windows",
        "window_id; placed by model",
        (Window, PerformanceWindow),
        ("drift-windows", "performance-windows"),
        ("triggers", "driftline"),
        cleanup="compact,delete",
        retention_ms=30 * DAY_MS,
        max_message_bytes=8_388_608,
        doc="Statistics of closed and open windows.",
    ),
    Topic(
        "alerts",
        "alert_id; placed by model",
        (Alert,),
        ("triggers",),
        ("driftline", "notify"),
        cleanup="compact,delete",
        retention_ms=90 * DAY_MS,
        doc="Incidents: firing and resolved.",
    ),
    Topic(
        "retraining.requests",
        "trigger_id; placed by model",
        (RetrainingRequest,),
        ("triggers", "driftline"),
        ("retraining", "driftline"),
        retention_ms=90 * DAY_MS,
        doc="Requests for a new candidate.",
    ),
    Topic(
        "retraining.controls",
        "model",
        (RetrainingSnooze,),
        ("driftline",),
        ("triggers", "driftline"),
        partitions=1,
        cleanup="compact",
        doc="Until when policies do not ask for a model's retraining.",
    ),
    Topic(
        "model.events",
        "model",
        (ModelEvent,),
        ("retraining",),
        ("rollout", "dashboard"),
        retention_ms=365 * DAY_MS,
        doc="Steps of retraining runs, gates, candidates.",
    ),
    Topic(
        "approvals",
        "model",
        (Approval,),
        ("dashboard", "driftline"),
        ("retraining", "rollout"),
        retention_ms=365 * DAY_MS,
        doc="Decisions of people.",
    ),
    Topic(
        "rollout.desired",
        "target",
        (RolloutDesired,),
        ("rollout",),
        ("gateway",),
        partitions=1,
        cleanup="compact",
        doc="Commands to serving.",
    ),
    Topic(
        "rollout.observed",
        "target",
        (RolloutObserved,),
        ("gateway",),
        ("rollout",),
        partitions=1,
        doc="Acknowledgements and heartbeats of serving.",
    ),
    Topic(
        "rollout.audit",
        "target",
        (RolloutAudit,),
        ("rollout",),
        ("dashboard",),
        partitions=1,
        retention_ms=365 * DAY_MS,
        doc="The hash chain of every decision.",
    ),
    Topic(
        "dead-letters",
        "topic/partition/offset/row",
        (DeadLetter,),
        ("drift-fold", "drift-windows", "performance-join", "performance-windows", "triggers"),
        ("driftline",),
        retention_ms=30 * DAY_MS,
        doc="Events that were not counted, with reason and bytes.",
    ),
    Topic(
        "ledger",
        "service/topic_id/partition",
        (Ledger,),
        ("drift-fold", "drift-windows", "performance-join", "performance-windows"),
        ("driftline",),
        partitions=1,
        retention_ms=30 * DAY_MS,
        doc="What became of each range of each partition.",
    ),
)

TOPICS: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _ALL})
