"""Whether the audit log is whole, and the tables are what it tells.

Three things are held against each other: the entries, whose digests chain them; the head, which is kept apart from
them, in the database and as a note beside the artifacts; and the rows of all tables, of each of which an entry tells.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from runtime.registry.artifacts import ArtifactStore
from runtime.registry.canonical import canonical_json
from runtime.registry.chain import GENESIS, link
from runtime.registry.errors import RegistryError
from runtime.registry.tables import METADATA, AuditEntry, AuditHead

HEAD_NOTE: Final = "audit-head.json"
_LOG: Final = frozenset({"audit_entry", "audit_head"})


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the digest of the newest."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is not as it was written."""

    sequence: int | None
    """Of the entry; null where it is none of them."""
    what: str


def head_of(session: Session) -> Head | None:
    """The head in the database; null where it was deleted."""
    found = session.execute(select(AuditHead)).scalar_one_or_none()
    return None if found is None else Head(found.sequence, found.digest)


def keep_apart(store: ArtifactStore, head: Head) -> None:
    """Writes the head beside the artifacts: who can write only the database cannot cut the log short."""
    store.write_note(HEAD_NOTE, canonical_json(asdict(head)).encode())


def kept_apart(store: ArtifactStore) -> Head | None:
    """What keep_apart wrote last; it may be behind the log, by the writes of a process that was killed then.

    Raises RegistryError where it is no head any more.
    """
    note = store.read_note(HEAD_NOTE)
    try:
        return None if note is None else Head(**json.loads(note))
    except (ValueError, TypeError) as error:
        raise RegistryError(
            f"The head kept apart, {HEAD_NOTE} beside the artifacts, is damaged.", "restore it from a backup"
        ) from error


def verify(session: Session, anchor: Head | None = None) -> list[Fault]:
    """All that was edited, deleted or cut off; empty when the log is whole. `anchor`: a head that was kept apart."""
    told: Counter[str] = Counter()
    faults: list[Fault] = []
    head, digests = Head(0, GENESIS), {0: GENESIS}
    for entry in session.execute(select(AuditEntry).order_by(col(AuditEntry.sequence))).scalars():
        faults += _faults_of(entry, head)
        head = Head(entry.sequence, entry.digest)
        digests[entry.sequence] = entry.digest
        for row in _rows(entry):
            told[row["table"]] += 1
            faults += _faults_of_row(session, entry.sequence, row)
    faults += _faults_of_head(head, head_of(session), "the head in the database")
    if anchor is not None and digests.get(anchor.sequence) != anchor.digest:
        faults.append(Fault(None, f"entry {anchor.sequence}, which the head kept apart names, is not in the log"))
    return faults + list(_untold(session, told))


def _faults_of(entry: AuditEntry, before: Head) -> Iterator[Fault]:
    if entry.sequence != before.sequence + 1:
        yield Fault(before.sequence + 1, f"entries {before.sequence + 1} to {entry.sequence - 1} were deleted")
    elif entry.previous_digest != before.digest:
        yield Fault(entry.sequence, "does not follow the entry before it")
    if link(entry.previous_digest, entry.body) != entry.digest:
        yield Fault(entry.sequence, "was edited: its digest is not that of its text")


def _faults_of_head(found: Head, head: Head | None, name: str) -> Iterator[Fault]:
    if head is None:
        yield Fault(None, f"{name} was deleted")
    elif head.sequence > found.sequence:
        yield Fault(None, f"the log was cut short: {name} names entry {head.sequence}, the last is {found.sequence}")
    elif head != found:
        yield Fault(None, f"{name} is not the last entry")


def _rows(entry: AuditEntry) -> list[dict[str, Any]]:
    try:
        return [told for told in json.loads(entry.body)["rows"] if _key_of(told).keys() <= told["row"].keys()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # an edited text, which its digest or the rows in no entry tell of


def _key_of(told: dict[str, Any]) -> dict[str, Any]:
    """The columns of the key of a row, and their values."""
    return {column.name: told["row"].get(column.name) for column in METADATA.tables[told["table"]].primary_key}


def _faults_of_row(session: Session, sequence: int, told: dict[str, Any]) -> Iterator[Fault]:
    table = METADATA.tables[told["table"]]
    row = told["row"]
    key = _key_of(told)
    found = session.execute(select(table).filter_by(**key)).mappings().one_or_none()
    name = f"{table.name} {'/'.join(map(str, key.values()))}"
    if found is None:
        yield Fault(sequence, f"{name} was deleted")
    elif dict(found) != row:
        changed = ", ".join(column for column in row if found[column] != row[column])
        yield Fault(sequence, f"{name} was edited: {changed}")


def _untold(session: Session, told: Counter[str]) -> Iterator[Fault]:
    for name, table in METADATA.tables.items():
        if name not in _LOG:
            there = session.execute(select(func.count()).select_from(table)).scalar_one()
            if there > told[name]:
                yield Fault(None, f"{there - told[name]} rows of {name} are in no entry of the log")
