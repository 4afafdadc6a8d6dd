"""The registry: a database of facts about models, and the bytes they name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from runtime.registry import audit, database
from runtime.registry.artifacts import ArtifactStore, Blob
from runtime.registry.errors import RegistryError
from runtime.registry.schema import refuse_other, upgrade
from runtime.registry.settings import RegistrySettings
from runtime.registry.tables import Artifact

GRACE_MS: Final = 86_400_000
"""How long bytes may lie in the store before they are registered."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Made by `opened` or `for_reading`; a context manager that closes its connections."""

    engine: Engine
    artifacts: ArtifactStore

    @classmethod
    def opened(cls, settings: RegistrySettings) -> Self:
        """For services: makes or migrates the database. Raises RegistryError, also where it is the newer one."""
        made = cls(database.engine_of(settings.database), ArtifactStore(settings.artifacts))
        upgrade(made.engine)
        return made

    @classmethod
    def for_reading(cls, settings: RegistrySettings) -> Self:
        """For commands: makes nothing. Raises RegistryError where there is no registry, or an older or newer one."""
        if settings.file is not None and not settings.file.exists():
            raise RegistryError(
                f"There is no registry at {settings.file}.",
                "retrain a model under `driftline up`, name its --data-dir, or set DRIFTLINE_REGISTRY_URL",
            )
        made = cls(database.engine_of(settings.database), ArtifactStore(settings.artifacts))
        refuse_other(made.engine)
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the registry."""
        with database.reading(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is the only one that writes. Commits at the end, and nothing when the body raises."""
        with database.writing(self.engine) as session:
            before = audit.head_of(session)
            yield session
            session.expire_all()
            after = audit.head_of(session)
        if after is not None and after != before:
            audit.keep_apart(self.artifacts, after)

    def verify(self) -> list[audit.Fault]:
        """What was edited, deleted or cut off since it was written; empty when all is whole."""
        anchor = audit.kept_apart(self.artifacts)  # before the log is read: it may be behind, never ahead
        with self.reading() as session:
            return audit.verify(session, anchor)

    def collect_garbage(self, now_ms: int, *, dry_run: bool, grace_ms: int = GRACE_MS) -> list[Blob]:
        """Blobs that no artifact names and that are older than the grace: deleted, or with dry_run only told."""
        with self.writing() as session:  # nothing is registered meanwhile
            named = set(session.execute(select(col(Artifact.digest))).scalars())
            return self.artifacts.collect(named, now_ms - grace_ms, dry_run=dry_run)
