"""What the operator sees of each alert and request: a line in the log, and the counters."""

import structlog

from runtime.metrics import Metrics
from schemas.alert import Alert
from schemas.retraining import RetrainingRequest
from services.triggers.agents import Hearing

_log = structlog.get_logger(__name__)


def telling(metrics: Metrics) -> Hearing:
    """Notes both. After a crash some are noted again; the counters begin at 0 with each process."""

    def note(alert: Alert) -> None:
        if alert.state == "resolved":
            metrics.count("driftline_alerts_resolved_total", model=alert.model)
        elif alert.revision == 0:
            metrics.count("driftline_alerts_opened_total", model=alert.model, severity=alert.severity)
        _log.info(
            "alert",
            model=alert.model,
            state=alert.state,
            severity=alert.severity,
            alert_id=alert.alert_id,
            revision=alert.revision,
            summary=alert.summary,
        )

    def note_request(request: RetrainingRequest) -> None:
        metrics.count("driftline_retraining_requests_total", model=request.model, policy=request.policy)
        _log.info(
            "retraining_request",
            model=request.model,
            version=request.version,
            policy=request.policy,
            priority=request.priority,
            trigger_id=request.trigger_id,
            reason=request.reason,
        )

    return Hearing(note, note_request)
