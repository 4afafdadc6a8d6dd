"""What all tables of the registry share: their metadata, names of constraints, and the kinds of column."""

from typing import Annotated, Final, get_args

from pydantic import BaseModel
from sqlalchemy import BigInteger, CheckConstraint, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from schemas.base import EARLIEST_MS, LATEST_MS

METADATA: Final = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

Bigint = Annotated[int, Field(sa_type=BigInteger)]
"""64 bits: offsets, counts, bytes, milliseconds."""
OptionalBigint = Annotated[int | None, Field(default=None, sa_type=BigInteger)]
Key = Annotated[str, Field(primary_key=True)]

FIRST_WRITE_HOLDS: Final = frozenset({"registered_ms", "detail"})
"""Columns in which a repeated write may differ, and changes nothing: its time, and its words. All others must agree."""


class Fact(SQLModel, registry=registry(metadata=METADATA)):
    """A row that is written once and never changed. Apart from the tables of whatever else shares the process."""


def time_ms(column: str, name: str | None = None) -> CheckConstraint:
    """Milliseconds since 1970 UTC, of this century: seconds by mistake are refused. Null passes."""
    return CheckConstraint(f"{column} BETWEEN {EARLIEST_MS} AND {LATEST_MS}", name=name or column)


def sha256(column: str) -> CheckConstraint:
    """`sha256:` and 64 hex digits. Null passes."""
    return CheckConstraint(f"substr({column}, 1, 7) = 'sha256:' AND length({column}) = 71", name=column)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list of words."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def as_in(contract: type[BaseModel], column: str) -> CheckConstraint:
    """The words that a contract allows for the field of that name: new ones there ask for a migration here."""
    return one_of(column, *get_args(contract.model_fields[column].annotation))


def check(name: str, rule: str) -> CheckConstraint:
    """A rule within one row."""
    return CheckConstraint(rule, name=name)
