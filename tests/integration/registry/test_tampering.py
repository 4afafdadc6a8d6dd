"""`driftline audit` finds what was edited, deleted or cut off in the registry, on both databases, and names it."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from driftline import registry
from driftline.balances import Check
from runtime.registry import Registry
from tests.unit.registry.story import CALLS, live

_LAST = "(SELECT sequence, digest FROM audit_entry ORDER BY sequence DESC LIMIT 1)"
_HEAD_TO_LAST = f"UPDATE audit_head SET (sequence, digest) = {_LAST}"  # noqa: S608  no word of it is from outside
TAMPERED = {
    "an edited row": (("UPDATE approval SET max_weight_bp = 10000",), "approval 1b91b567 was edited: max_weight_bp"),
    "an edited entry": (
        ("UPDATE audit_entry SET body = replace(body, 'retraining', 'somebody') WHERE sequence = 5",),
        "entry 5: was edited: its digest is not that of its text",
    ),
    "a deleted row": (("DELETE FROM run_product WHERE name = 'plan'",), "run_product 352c7b4d/plan was deleted"),
    "deleted entries": (("DELETE FROM audit_entry WHERE sequence IN (5, 6)",), "entries 5 to 6 were deleted"),
    "a log cut short": (
        ("DELETE FROM audit_entry WHERE sequence > 15",),
        f"the log was cut short: the head in the database names entry {CALLS}, the last is 15",
    ),
    "a log cut short with its head and rows": (
        (
            "DELETE FROM audit_entry WHERE sequence = (SELECT max(sequence) FROM audit_entry)",
            "DELETE FROM statement",
            _HEAD_TO_LAST,
        ),
        f"entry {CALLS}, which the head kept apart names, is not in the log",
    ),
    "a table dropped": (("DROP TABLE audit_entry",), "audit_entry"),
}


def spoil(of: Registry, *statements: str) -> None:
    """What somebody does who owns the database and obeys no rule."""
    free, bound = {
        "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
        "postgresql": ("SET session_replication_role = replica", "SET session_replication_role = DEFAULT"),
    }[of.engine.dialect.name]
    raw: Any = of.engine.raw_connection().driver_connection
    with closing(raw):
        if of.engine.dialect.name == "postgresql":
            raw.autocommit = True
        for statement in (free, *statements, bound):
            raw.execute(statement)


@pytest.fixture
def audited(registry: Registry, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", url)
    monkeypatch.setenv("DRIFTLINE_REGISTRY_ARTIFACTS", str(tmp_path / "artifacts"))
    live(registry)
    return registry


def audit(tmp_path: Path) -> Check:
    check = registry.audit(tmp_path)
    assert check is not None
    return check


def test_what_was_not_tampered_with_is_whole(audited: Registry, tmp_path: Path) -> None:
    assert audit(tmp_path).outcome == "balanced"
    assert audited.verify() == []


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_found_and_named(audited: Registry, tmp_path: Path, name: str) -> None:
    statements, named = TAMPERED[name]
    spoil(audited, *statements)
    check = audit(tmp_path)
    assert check.outcome == "broken"
    assert named in check.detail
