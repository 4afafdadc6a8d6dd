"""Connections to SQLite or PostgreSQL, as the registry needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError
from sqlmodel import Session

from runtime.registry.chain import locked_head
from runtime.registry.errors import RegistryError

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another before it gives up."""
CONNECT_TIMEOUT_S: Final = 10


def engine_of(url: URL) -> Engine:
    """An engine; connects when it is first used. SQLite: foreign keys on, transactions begun by SQLAlchemy."""
    if url.get_backend_name() == "postgresql":
        options = f"-c lock_timeout={BUSY_TIMEOUT_MS}"
        arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "options": options}
        return create_engine(url, pool_pre_ping=True, connect_args=arguments)
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing of its own
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that read first and is overtaken could not write any more."""
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one moment of the registry, whoever writes."""
    snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with _reachable(engine), Session(engine.execution_options(**snapshot)) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that is the only one that writes; commits at the end, and nothing when the body raises."""
    alone = engine.execution_options(sqlite_begin="IMMEDIATE")
    with _reachable(engine), Session(alone) as session, session.begin():
        locked_head(session)
        yield session


@contextmanager
def _reachable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DatabaseError as error:  # nobody answers, a table is gone, a file is no database
        raise unreachable(engine, error) from error


def unreachable(engine: Engine, error: Exception) -> RegistryError:
    """In words, without the password."""
    why = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0].strip()
    return RegistryError(
        f"The registry at {engine.url.render_as_string(hide_password=True)} cannot be used: {why}.",
        "look whether its database runs or its folder can be written, and whether DRIFTLINE_REGISTRY_URL names it",
    )
