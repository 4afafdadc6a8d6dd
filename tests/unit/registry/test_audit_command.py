"""The registry's part in `driftline audit` and `driftline doctor`: what was tampered with is found and named."""

from pathlib import Path

import pytest
from rich.console import Console

from driftline import doctor, registry
from driftline.audit import audit
from driftline.report import audit_table
from runtime.registry import Registry, RegistrySettings
from runtime.registry.audit import HEAD_NOTE
from tests.unit.cli.test_audit import BALANCED
from tests.unit.registry.story import CALLS, live
from tests.unit.registry.test_audit import CUT_WITH_ITS_HEAD, spoil

TAMPERED: dict[str, tuple[tuple[str, ...], str]] = {
    "an edited row": (("UPDATE approval SET max_weight_bp = 10000",), "approval 1b91b567 was edited: max_weight_bp"),
    "an edited entry": (
        ("UPDATE audit_entry SET body = replace(body, 'retraining', 'somebody') WHERE sequence = 5",),
        "entry 5: was edited",
    ),
    "a deleted row": (("DELETE FROM gate_rule WHERE rule = 'leakage'",), "gate_rule 352c7b4d/data/1 was deleted"),
    "deleted entries": (("DELETE FROM audit_entry WHERE sequence IN (5, 6)",), "entries 5 to 6 were deleted"),
    "a log cut short": (("DELETE FROM audit_entry WHERE sequence > 15",), "the log was cut short"),
    "a log cut short with its head": (CUT_WITH_ITS_HEAD, f"entry {CALLS}, which the head kept apart names"),
    "a table dropped": (("DROP TABLE audit_entry",), "no such table: audit_entry"),
    "a deleted head": (("DELETE FROM audit_head",), "the head in the database was deleted"),
}


def test_a_registry_that_is_whole_balances(data_dir: Path, whole: Registry) -> None:
    check = registry.audit(data_dir)
    assert check is not None
    assert (check.outcome, check.detail.split(",")[0]) == ("balanced", f"{CALLS} entries")
    assert audit(BALANCED).beside(check).verdict == "balanced"
    assert whole.verify() == []


@pytest.mark.parametrize("name", TAMPERED)
def test_what_was_tampered_with_is_named_and_breaks_the_audit(data_dir: Path, whole: Registry, name: str) -> None:
    statements, named = TAMPERED[name]
    spoil(whole, *statements)
    check = registry.audit(data_dir)
    assert check is not None
    assert (check.name, check.outcome) == ("registry", "broken")
    assert named in check.detail
    assert audit(BALANCED).beside(check).verdict == "broken"


def test_many_faults_are_counted(data_dir: Path, whole: Registry) -> None:
    spoil(whole, "DELETE FROM run_step")
    check = registry.audit(data_dir)
    assert check is not None
    assert check.detail.endswith("; and 1 more")


def test_a_database_that_is_gone_is_missed_by_the_head_kept_apart(data_dir: Path, whole: Registry) -> None:
    whole.engine.dispose()
    (data_dir / "registry" / "registry.db").unlink()
    check = registry.audit(data_dir)
    assert check is not None
    assert check.outcome == "broken"
    assert f"is gone; the head kept apart names entry {CALLS}" in check.detail


def test_a_file_that_is_no_database_is_broken(data_dir: Path, whole: Registry) -> None:
    whole.engine.dispose()
    (data_dir / "registry" / "registry.db").write_bytes(b"anything else" * 1_000)
    check = registry.audit(data_dir)
    assert check is not None
    assert check.outcome == "broken"
    assert "file is not a database" in check.detail


def test_a_head_kept_apart_that_is_none_is_broken(data_dir: Path, whole: Registry) -> None:
    whole.artifacts.write_note(HEAD_NOTE, b"{}")
    check = registry.audit(data_dir)
    assert check is not None
    assert (check.outcome, "head kept apart" in check.detail) == ("broken", True)


def test_a_registry_that_no_service_has_opened_yet_is_not_checked(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", "postgresql://127.0.0.1:1/registry")
    check = registry.audit(data_dir)
    assert check is not None
    assert (check.outcome, "cannot be used" in check.detail) == ("not_checked", True)


def test_where_there_is_no_registry_nothing_is_checked_and_nothing_made(data_dir: Path) -> None:
    assert registry.audit(data_dir) is None
    assert audit(BALANCED).beside(None) == audit(BALANCED)
    assert not data_dir.exists()


def test_words_of_events_are_not_those_of_the_registry(data_dir: Path, whole: Registry) -> None:
    spoil(whole, "DELETE FROM audit_head")
    console = Console(width=200)
    with console.capture() as shown:
        console.print(audit_table(audit(BALANCED).beside(registry.audit(data_dir))))
    assert "✓ balanced: Every event is accounted for exactly once." in shown.get()
    assert "◆ broken: The registry is not as it was written." in shown.get()


def test_the_doctor_says_where_the_registry_is_and_whether_it_opens(data_dir: Path) -> None:
    none = doctor.registry(data_dir)
    assert (none.outcome, "none yet" in none.detail) == ("ok", True)
    with Registry.opened(RegistrySettings.under(data_dir)) as made:
        live(made)
    there = doctor.registry(data_dir)
    assert there.outcome == "ok"
    assert (
        there.detail
        == f"1 model(s) at sqlite:///{data_dir}/registry/registry.db, artifacts at {data_dir}/registry/artifacts"
    )
    (data_dir / "registry" / "registry.db").write_bytes(b"anything else" * 1_000)
    damaged = doctor.registry(data_dir)
    assert (damaged.outcome, "cannot be used" in damaged.detail) == ("fail", True)
    assert damaged.next_step


def test_the_doctor_tells_no_password(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", "postgresql://mara:s3cret@127.0.0.1:1/registry")
    found = doctor.registry(data_dir)
    assert found.outcome == "fail"
    assert "127.0.0.1:1" in found.detail
    assert "s3cret" not in found.detail
