"""The registry that commands look at: that of the environment, of the folder they are given, or of the demo within."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftline import connection
from driftline.audit import REGISTRY
from driftline.balances import Check
from driftline.errors import CommandError
from driftline.output import count
from runtime.registry import ArtifactStore, Registry, RegistryError, RegistrySettings
from runtime.registry.audit import Fault, head_of, kept_apart

_SHOWN = 5


def settings_of(data_dir: Path) -> RegistrySettings:
    """Where the registry is: beside what runs in the folder or its `demo`, else in the first of them that has one."""
    running = connection.running(data_dir)
    folders = (running[0].parent,) if running else (data_dir, data_dir / "demo")
    settings = [RegistrySettings.under(folder) for folder in folders]
    return next((found for found in settings if found.file is None or found.file.exists()), settings[0])


@contextmanager
def opened(data_dir: Path) -> Iterator[Registry]:
    """The registry, to read. Raises CommandError, also for what the registry refuses while the body runs."""
    try:
        with Registry.for_reading(settings_of(data_dir)) as registry:
            yield registry
    except RegistryError as error:
        raise CommandError(error.what, error.next_step) from error


def place(settings: RegistrySettings) -> str:
    """The database's address, without its password."""
    return settings.database.render_as_string(hide_password=True)


def audit(data_dir: Path) -> Check | None:
    """Whether the registry is as it was written; None where there is none.

    The head kept apart says that there was one: then a database that is gone, or cannot be read, is broken.
    """
    settings = settings_of(data_dir)
    try:
        kept = kept_apart(ArtifactStore(settings.artifacts))
    except RegistryError as error:
        return Check(REGISTRY, "broken", error.what)
    if settings.file is not None and not settings.file.exists():
        gone = f"{settings.file} is gone; the head kept apart names entry {count(kept.sequence if kept else 0)}"
        return Check(REGISTRY, "broken", gone) if kept else None
    try:
        with opened(data_dir) as registry:
            if faults := registry.verify():
                return Check(REGISTRY, "broken", _words(faults))
            with registry.reading() as session:
                head = head_of(session)
    except CommandError as error:
        return Check(REGISTRY, "broken" if kept else "not_checked", error.what)
    entries = count(head.sequence if head else 0)
    return Check(REGISTRY, "balanced", f"{entries} entries, each in the chain; every row is as its entry tells")


def _words(faults: list[Fault]) -> str:
    named = [fault.what if fault.sequence is None else f"entry {fault.sequence}: {fault.what}" for fault in faults]
    more = f"; and {count(len(named) - _SHOWN)} more" if len(named) > _SHOWN else ""
    return "; ".join(named[:_SHOWN]) + more
