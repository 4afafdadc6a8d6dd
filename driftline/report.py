"""The audit as a table."""

from rich.console import Group

from driftline.audit import Audit
from driftline.output import count, table

MARKS = {
    "balanced": "✓ balanced",
    "pending": "… pending",
    "broken": "◆ broken",
    "not_checked": "– not checked",
}
VERDICTS = {
    "balanced": "Every event is accounted for exactly once.",
    "pending": "Nothing is lost; some events are still on their way.",
    "broken": "Events are lost or counted twice. Keep the topics as they are, and see the logs of the services.",
}


def audit_table(audit: Audit) -> Group:
    """Each equation, the totals, and the verdict in words."""
    dead = ", ".join(f"{reason} {count(n)}" for reason, n in sorted(audit.dead.items()))
    totals = table(
        None,
        ("", ">events"),
        [
            ("read", count(audit.events)),
            ("counted", count(audit.counted)),
            (f"dead-lettered{f' ({dead})' if dead else ''}", count(sum(audit.dead.values()))),
            ("duplicate", count(audit.duplicate)),
            ("late", count(audit.late)),
            ("not read yet", count(audit.pending)),
        ],
    )
    checks = table(None, ("check", "", "detail"), [(c.name, MARKS[c.outcome], c.detail) for c in audit.checks])
    return Group(totals, "", checks, "", f"{MARKS[audit.verdict]}: {VERDICTS[audit.verdict]}")
