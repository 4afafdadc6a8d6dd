"""The hash chain of the audit log: how it grows. How it is verified is in audit.py.

An entry's digest is SHA-256 of the digest before it, a line feed, and its canonical JSON (Haber & Stornetta 1991).
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import Session

from runtime.registry.canonical import canonical_json, digest_of
from runtime.registry.errors import RegistryError
from runtime.registry.tables import AuditEntry, AuditHead, Fact

GENESIS: Final = digest_of(b"")
"""The head of a log without entries."""


def link(previous_digest: str, body: str) -> str:
    """The digest of an entry."""
    return digest_of(f"{previous_digest}\n{body}".encode())


def locked_head(session: Session) -> AuditHead:
    """The head; whoever has it is the only one who writes until the transaction ends."""
    statement = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    head: AuditHead | None = session.execute(statement).scalar_one_or_none()
    if head is None:
        raise RegistryError(
            "The head of the audit log is gone: somebody deleted it.", "restore the registry from its backup"
        )
    return head


def append(session: Session, event: str, actor: str, now_ms: int, written: Sequence[Fact]) -> None:
    """Adds an entry that tells which rows were written, by whom and when (milliseconds)."""
    head = locked_head(session)
    sequence = head.sequence + 1
    rows = [as_json(row) for row in written]
    body = canonical_json({"sequence": sequence, "time_ms": now_ms, "actor": actor, "event": event, "rows": rows})
    digest = link(head.digest, body)
    session.add(AuditEntry(sequence=sequence, previous_digest=head.digest, body=body, digest=digest))
    session.flush()
    session.execute(update(AuditHead).values(sequence=sequence, digest=digest))


def as_json(row: Fact) -> dict[str, Any]:
    """A row and the table it is in."""
    return {"table": str(row.__tablename__), "row": row.model_dump()}
