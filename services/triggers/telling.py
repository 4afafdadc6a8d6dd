"""What the operator sees of each alert: a line in the log, and the counters."""

from collections.abc import Callable

import structlog

from runtime.metrics import Metrics
from schemas.alert import Alert

_log = structlog.get_logger(__name__)


def telling(metrics: Metrics) -> Callable[[Alert], None]:
    """Notes alerts. After a crash some are noted again; the counters begin at 0 with each process."""

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

    return note
