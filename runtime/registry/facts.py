"""The one way rows are written: once, all or none, and told to the audit log.

Every row has a natural key. A repeated write finds its row, compares, and changes nothing; one that says something else
under the same key is a Conflict. So a caller that was killed repeats its calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from runtime.registry.chain import append
from runtime.registry.errors import Conflict
from runtime.registry.tables import FIRST_WRITE_HOLDS, METADATA, Fact

F = TypeVar("F", bound=Fact)

_INSERT: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, and when, in milliseconds since 1970 UTC."""

    actor: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A row with rows that belong to it, which are written together or never: none can be added later."""

    head: Fact
    children: Mapping[type[Fact], Sequence[Fact]]
    """By table. The first columns of a child's key are the head's key."""


def record(session: Session, event: str, stamp: Stamp, *parts: Fact | Whole) -> bool:
    """Writes what is not there yet, all of it or none; returns whether there was any. Raises Conflict."""
    try:
        with session.begin_nested():  # so that a caller who goes on after a Conflict keeps no half of it
            written = [row for part in parts for row in _write(session, part)]
            if written:
                append(session, event, stamp.actor, stamp.now_ms, written)
    except IntegrityError as error:
        raise Conflict(
            f"The registry refuses {event.replace('_', ' ')}: {_first_line(error)}.",
            "register first what it refers to (model, run, dataset, version), and mend the figure that the rule names",
        ) from error
    return bool(written)


def found(session: Session, kind: type[F], **equal: Any) -> list[F]:
    """Rows whose columns have these values, in the order of their keys."""
    table = table_of(kind)
    statement = select(kind).where(*(table.c[name] == value for name, value in equal.items()))
    return list(session.execute(statement.order_by(*table.primary_key)).scalars())


def table_of(row: Fact | type[Fact]) -> Table:
    """The table a row is in."""
    return METADATA.tables[str(row.__tablename__)]


def _write(session: Session, part: Fact | Whole) -> list[Fact]:
    if isinstance(part, Fact):
        return [part] if _insert(session, part) else []
    own = [child for children in part.children.values() for child in children]
    if _insert(session, part.head):
        return [part.head, *(child for child in own if _insert(session, child))]
    for kind, children in part.children.items():
        _same_children(session, part.head, kind, children)
    return []


def _insert(session: Session, row: Fact) -> bool:
    """Inserts the row unless its key is there; raises Conflict where that one says something else."""
    table = table_of(row)
    values = row.model_dump()
    if odd := [name for name, value in values.items() if isinstance(value, str) and "\0" in value]:
        raise Conflict(f"{odd[0]} of {table.name} holds the character NUL.", "leave it out: PostgreSQL cannot keep it")
    dialect = session.get_bind().dialect.name
    key = list(table.primary_key)
    statement = _INSERT[dialect](table).values(values).on_conflict_do_nothing(index_elements=key).returning(*key)
    if session.execute(statement).first() is not None:
        return True
    found = session.execute(select(table).where(_key(table, values))).mappings().one()
    differing = [name for name in values if name not in FIRST_WRITE_HOLDS and found[name] != values[name]]
    if differing:
        name = differing[0]
        raise Conflict(
            f"{_named(table, values)} is registered already with {name} {found[name]!r}, not {values[name]!r}.",
            "give what is new a name of its own; what was registered never changes",
        )
    return False


def _same_children(session: Session, head: Fact, kind: type[Fact], children: Sequence[Fact]) -> None:
    table, head_table = table_of(kind), table_of(head)
    given = head.model_dump()
    owner = [given[column.name] for column in head_table.primary_key]
    key = list(table.primary_key)
    of_head = and_(*(column == value for column, value in zip(key, owner, strict=False)))
    compared = [column for column in table.columns if column.name not in FIRST_WRITE_HOLDS]
    there = {tuple(row) for row in session.execute(select(*compared).where(of_head))}
    wanted = {tuple(getattr(child, column.name) for column in compared) for child in children}
    if there != wanted:
        raise Conflict(
            f"{_named(head_table, given)} is registered already with {len(there)} {table.name} rows; "
            f"{len(wanted - there)} of the {len(wanted)} given are not among them.",
            "give what is new a name of its own; what was registered never changes",
        )


def _key(table: Table, values: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(*(column == values[column.name] for column in table.primary_key))


def _named(table: Table, values: Mapping[str, Any]) -> str:
    return f"{table.name} {'/'.join(str(values[column.name]) for column in table.primary_key)}"


def _first_line(error: IntegrityError) -> str:
    return str(error.orig).splitlines()[0].strip()
