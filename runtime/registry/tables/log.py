"""The log of all writes, as a hash chain, and its head, kept apart."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from runtime.registry.tables.base import Bigint, Fact, check


class AuditEntry(Fact, table=True):
    """One write: its canonical JSON, and digests that chain it to the one before."""

    __tablename__ = "audit_entry"
    __table_args__ = (check("sequence", "sequence >= 1"),)

    sequence: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    previous_digest: str = Field(unique=True)
    body: str
    digest: str = Field(unique=True)


class AuditHead(Fact, table=True):
    """The newest entry's number and digest; the one row that changes. Whoever writes holds it locked."""

    __tablename__ = "audit_head"
    __table_args__ = (check("one_row", "id = 1"), check("sequence", "sequence >= 0"))

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: Bigint
    digest: str
