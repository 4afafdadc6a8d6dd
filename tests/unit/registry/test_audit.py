"""The log finds what was edited, deleted or cut off, in itself and in the tables."""

import json

import pytest
from sqlalchemy import delete, text

from runtime.registry import Registry, RegistryError
from runtime.registry.audit import HEAD_NOTE, kept_apart
from runtime.registry.chain import GENESIS, link
from runtime.registry.tables import METADATA
from tests.unit.registry.story import CALLS, live


def spoil(registry: Registry, *statements: str, **given: str) -> None:
    """What somebody does who can write the database and obeys no rule."""
    with registry.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.rollback()
        raw.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            raw.execute(statement, given)
        raw.execute("PRAGMA foreign_keys = ON")


def told(registry: Registry) -> list[str]:
    return [f"{fault.sequence}: {fault.what}" for fault in registry.verify()]


def test_an_untouched_log_is_whole_and_so_is_an_empty_one(registry: Registry) -> None:
    assert registry.verify() == []
    live(registry)
    assert registry.verify() == []


def test_an_edited_entry_is_found(lived: Registry) -> None:
    spoil(lived, "UPDATE audit_entry SET body = replace(body, 'retraining', 'somebody') WHERE sequence = 5")
    assert told(lived) == ["5: was edited: its digest is not that of its text"]


def test_an_edited_entry_with_a_fitting_digest_is_found_by_the_one_after_it(lived: Registry) -> None:
    with lived.reading() as session:
        entry = session.execute(text("SELECT previous_digest, body FROM audit_entry WHERE sequence = 5")).one()
    body = entry.body.replace("retraining", "somebody")
    edited = "UPDATE audit_entry SET body = :body, digest = :digest WHERE sequence = 5"
    spoil(lived, edited, body=body, digest=link(entry.previous_digest, body))
    assert told(lived) == ["6: does not follow the entry before it"]


def test_an_entry_that_was_forged_to_tell_of_nothing_readable_is_found(lived: Registry) -> None:
    with lived.reading() as session:
        entry = session.execute(text("SELECT previous_digest, sequence FROM audit_entry WHERE sequence = 5")).one()
    body = json.dumps({"rows": [{"table": "model", "row": {}}, {"table": "no such", "row": {}}, 7]})
    edited = "UPDATE audit_entry SET body = :body, digest = :digest WHERE sequence = 5"
    spoil(lived, edited, body=body, digest=link(entry.previous_digest, body))
    assert "6: does not follow the entry before it" in told(lived)
    assert any("are in no entry of the log" in fault for fault in told(lived))


def test_deleted_entries_are_found(lived: Registry) -> None:
    spoil(lived, "DELETE FROM audit_entry WHERE sequence IN (5, 6)")
    assert "5: entries 5 to 6 were deleted" in told(lived)


def test_a_log_that_was_cut_short_is_found(lived: Registry) -> None:
    spoil(lived, "DELETE FROM audit_entry WHERE sequence > 15")
    assert f"None: the log was cut short: the head in the database names entry {CALLS}, the last is 15" in told(lived)


CUT_WITH_ITS_HEAD = (
    "DELETE FROM audit_entry WHERE sequence = (SELECT max(sequence) FROM audit_entry)",
    "DELETE FROM statement",  # of which the last entry told
    "UPDATE audit_head SET (sequence, digest) = (SELECT sequence, digest FROM audit_entry ORDER BY 1 DESC LIMIT 1)",
)


def test_a_log_that_was_cut_short_with_its_head_and_rows_is_found_by_the_head_kept_apart(lived: Registry) -> None:
    spoil(lived, *CUT_WITH_ITS_HEAD)
    assert told(lived) == [f"None: entry {CALLS}, which the head kept apart names, is not in the log"]


def test_a_head_kept_apart_that_is_behind_is_no_fault(lived: Registry) -> None:
    """A process was killed between its commit and the note."""
    head = kept_apart(lived.artifacts)
    assert head is not None
    assert head.sequence == CALLS
    with lived.reading() as session:
        digest = session.execute(text("SELECT digest FROM audit_entry WHERE sequence = 11")).scalar_one()
    lived.artifacts.write_note(HEAD_NOTE, json.dumps({"sequence": 11, "digest": digest}).encode())
    assert lived.verify() == []
    lived.artifacts.write_note(HEAD_NOTE, json.dumps({"sequence": 11, "digest": head.digest}).encode())
    assert told(lived) == ["None: entry 11, which the head kept apart names, is not in the log"]


def test_a_database_made_anew_in_place_of_the_old_is_found(lived: Registry) -> None:
    spoil(lived, *(str(delete(table)) for table in METADATA.sorted_tables if table.name != "audit_head"))
    spoil(lived, "UPDATE audit_head SET sequence = 0, digest = :digest", digest=GENESIS)
    assert told(lived) == [f"None: entry {CALLS}, which the head kept apart names, is not in the log"]


def test_a_deleted_head_is_found_and_stops_the_next_write(lived: Registry) -> None:
    spoil(lived, "DELETE FROM audit_head")
    assert told(lived) == ["None: the head in the database was deleted"]
    with pytest.raises(RegistryError, match="head of the audit log is gone"):
        live(lived)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE metric SET figure = 0.75 WHERE name = 'f1' AND segment = ''", "was edited: figure"),
        ("UPDATE approval SET max_weight_bp = 10000", "approval 1b91b567 was edited: max_weight_bp"),
        ("DELETE FROM gate_rule WHERE rule = 'leakage'", "gate_rule 352c7b4d/data/1 was deleted"),
        ("INSERT INTO model VALUES ('smuggled', 1362000000000)", "1 rows of model are in no entry of the log"),
    ],
)
def test_a_row_that_is_not_as_the_log_told_is_found(lived: Registry, statement: str, fault: str) -> None:
    spoil(lived, statement)
    (found,) = told(lived)
    assert fault in found
