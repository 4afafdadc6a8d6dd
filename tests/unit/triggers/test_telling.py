"""Incidents are counted when they open and when they are resolved, not when they escalate; each change is a line."""

from typing import Any

from structlog.testing import capture_logs

from runtime.metrics import Metrics
from schemas.monitor import Threshold
from services.triggers.telling import telling


def test_an_incident_is_counted_once_opened_and_once_resolved(make: Any, history: Any) -> None:
    metrics, rules = Metrics("triggers"), make.monitor(Threshold(name="drift", metric="psi", above=0.2, page=0.5))
    with capture_logs() as lines:
        for day, psi in enumerate((0.3, 0.6, 0.1, 0.6)):
            for alert in history.judge(make.window(day, features={"dep_delay": make.column(psi=psi)}), rules):
                telling(metrics).alert(alert)
    counted = {
        (sample.name, sample.labels.get("severity")): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name.startswith("driftline_alerts") and sample.name.endswith("_total")
    }
    assert counted == {
        ("driftline_alerts_opened_total", "message"): 1,
        ("driftline_alerts_opened_total", "page"): 1,
        ("driftline_alerts_resolved_total", None): 1,
    }
    assert [(line["event"], line["state"], line["severity"], line["revision"]) for line in lines] == [
        ("alert", "firing", "message", 0),
        ("alert", "firing", "page", 1),
        ("alert", "resolved", "page", 2),
        ("alert", "firing", "page", 0),
    ]
