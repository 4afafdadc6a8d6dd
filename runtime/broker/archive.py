"""Java's class archive: written when the first broker stops, it saves later ones a third of the start."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.broker.jars import cache_dir
from runtime.broker.java import Java

# From version, how an archive is written when the program ends, how it is used. Tried in order.
_OPTIONS = (
    (25, "-XX:AOTCacheOutput={}", "-XX:AOTCache={}"),  # needs no base archive, which the wheel's Java lacks
    (0, "-XX:ArchiveClassesAtExit={}", "-XX:SharedArchiveFile={}"),
)


@dataclass(frozen=True, slots=True)
class ClassArchive:
    """The archive of one Java and one class path. Java ignores one that does not fit it."""

    java: Java
    jars: Sequence[Path]

    @property
    def path(self) -> Path:
        """Where it is kept."""
        content = "\n".join([str(self.java.path), self.java.build, *map(str, self.jars)])
        return cache_dir() / f"classes-{hashlib.sha256(content.encode()).hexdigest()[:16]}"

    @property
    def _draft(self) -> Path:
        return self.path.with_suffix(f".{os.getpid()}")

    def options(self) -> list[str]:
        """Java's options to use it, or to write it when there is none yet."""
        write, use = next((write, use) for since, write, use in _OPTIONS if self.java.version >= since)
        option = use.format(self.path) if self.path.exists() else write.format(self._draft)
        return [option, "-Xlog:disable"]

    def keep(self) -> None:
        """Puts the one in place that the broker wrote when it stopped, if it did."""
        if self._draft.exists():
            self._draft.replace(self.path)
