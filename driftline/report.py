"""The audit as a table."""

from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table

from driftline.audit import REGISTRY, Account, Audit
from driftline.balances import total
from driftline.output import count, table

MARKS = {
    "balanced": "✓ balanced",
    "pending": "… pending",
    "broken": "◆ broken",
    "not_checked": "– not checked",
}
_REGISTRY = (
    "The registry is not as it was written. Keep its database and artifacts as they are, and restore a backup "
    "beside them."
)
VERDICTS = {
    "balanced": "Every event is accounted for exactly once.",
    "pending": "Nothing is lost; some events are still on their way.",
    "broken": "Events are lost or counted twice. Keep the topics as they are, and see the logs of the services.",
}
_ROWS = {
    "events": "read",
    "counted": "counted",
    "dead": "dead-lettered",
    "duplicate": "duplicate",
    "late": "late",
    "waiting": "waiting for their prediction",
    "moved": "moved to their key's partition, or copies of those",
    "refused": "refused, dead-lettered by drift-fold",
    "pending": "not read yet",
}
"""By field of an account."""
_RARE = frozenset({"waiting", "moved", "refused"})
"""Shown only where there are any."""


def audit_table(audit: Audit) -> Group:
    """Each equation, the totals, and the verdict in words."""
    checks = table(None, ("check", "", "detail"), [(c.name, MARKS[c.outcome], c.detail) for c in audit.checks])
    return Group(_totals(audit.accounts), "", checks, "", *_verdict(audit))


def _verdict(audit: Audit) -> Iterator[str]:
    of_events = {check.outcome for check in audit.checks if check.name != REGISTRY}
    events = next((outcome for outcome in ("broken", "pending") if outcome in of_events), "balanced")
    yield f"{MARKS[events]}: {VERDICTS[events]}"
    if any(check.name == REGISTRY and check.outcome == "broken" for check in audit.checks):
        yield f"{MARKS['broken']}: {_REGISTRY}"


def _totals(accounts: Sequence[Account]) -> Table:
    """What became of the events of each topic, a column for each service that reads it."""
    dead = total(one.dead for one in accounts)
    reasons = ", ".join(f"{reason} {count(n)}" for reason, n in sorted(dead.items()))
    rows = {name: [_figure(one, name) for one in accounts] for name in _ROWS}
    return table(
        None,
        ("", *(f">{one.topic} by {one.service}" for one in accounts)),
        (
            (f"{_ROWS[name]} ({reasons})" if name == "dead" and reasons else _ROWS[name], *map(count, figures))
            for name, figures in rows.items()
            if any(figures) or name not in _RARE
        ),
    )


def _figure(account: Account, name: str) -> int:
    return sum(account.dead.values()) if name == "dead" else int(getattr(account, name))
