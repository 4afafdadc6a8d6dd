"""Brings a database to the tables of this program, or says why not."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from runtime.registry.database import unreachable
from runtime.registry.errors import RegistryError

VERSION_TABLE: Final = "registry_migration"
_LOCK: Final = 0x64726966746C696E  # "driftlin": any number that nobody else locks


def upgrade(engine: Engine) -> None:
    """Applies the migrations that are missing. Of several that start at once one does it, the others wait.

    Raises RegistryError when the database is newer than this program, or cannot be reached.
    """
    try:
        with _alone(engine) as connection:
            if _refuse_newer(connection) != _newest():
                command.upgrade(_config(connection), "head")
    except (DatabaseError, sqlite3.DatabaseError, OSError) as error:
        raise unreachable(engine, error) from error


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other upgrade runs beside. It blocks until theirs have ended."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
        return
    file = Path(engine.url.database or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # to WAL only one may switch, and SQLite does not wait for it
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA journal_mode = WAL")  # before any transaction; it stays with the file
            with connection.execution_options(sqlite_begin="IMMEDIATE").begin():
                yield connection


def refuse_other(engine: Engine) -> None:
    """For readers, which migrate nothing: raises RegistryError unless the tables are this program's."""
    try:
        with engine.connect() as connection:
            current = _refuse_newer(connection)
    except DatabaseError as error:
        raise unreachable(engine, error) from error
    if current != _newest():
        raise RegistryError(
            "The registry is empty or older than this program.",
            "start Driftline's services once (`driftline up`): they bring it up to date",
        )


def revision(engine: Engine) -> str | None:
    """The newest migration that was applied."""
    with engine.connect() as connection:
        return _current(connection)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _refuse_newer(connection: Connection) -> str | None:
    current = _current(connection)
    if current is not None and current not in {script.revision for script in _scripts().walk_revisions()}:
        raise RegistryError(
            f"The registry was migrated to {current}, which this program does not know: a newer one was here.",
            "run the newer Driftline, or restore the backup made before it",
        )
    return current


def _newest() -> str | None:
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
