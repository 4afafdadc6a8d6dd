"""The broker's class path: Apache Kafka's jars, pinned by digest; from Maven Central once, cached after.

`jars.json` is the lock: Maven coordinate to SHA-256. `python -m runtime.broker.jars` resolves `ENDPOINT` and
writes it.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runtime.errors import OperatorError

ENDPOINT = "org.apache.kafka:kafka_2.13:4.2.2+org.slf4j:slf4j-simple:2.0.17"  # a binding, or there is no log
LOCK = Path(__file__).with_name("jars.json")
_DOWNLOADS = 6

Progress = Callable[[str, int, int], None]
"""Called with (jar, how many are there, how many are needed) while jars are fetched."""


def cache_dir() -> Path:
    """Where downloaded and derived files are kept: DRIFTLINE_CACHE_DIR, else the user's cache directory."""
    own = os.environ.get("DRIFTLINE_CACHE_DIR")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "driftline"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_name(coordinate: str) -> str:
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def _fetch(coordinate: str, digest: str, target: Path) -> None:
    """Takes one jar from the local Maven repository or Central, and puts it in place when it is right."""
    from jgo.maven import MavenContext  # noqa: PLC0415  half a second, and only needed the first time

    group, artifact, version = coordinate.split(":")
    local = Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as scratch:
        maven = MavenContext(repo_cache=Path(scratch), local_repos=[local], timeout=60)
        try:
            found = maven.project(group, artifact).at_version(version).artifact().resolve()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            raise OperatorError(
                f"cannot fetch {coordinate} from Maven Central: {error}",
                "check the network (HTTPS_PROXY is honoured) and start again, or name a running broker "
                "in KAFKA_BOOTSTRAP_SERVERS",
            ) from error
        if _sha256(found) != digest:
            raise OperatorError(
                f"{found} is not the {coordinate} that is pinned in {LOCK.name}",
                f"delete it if it lies in {local} and start again; if the network brings it, do not trust it",
            )
        ready = Path(scratch, target.name)
        shutil.copyfile(found, ready)
        ready.replace(target)


def class_path(progress: Progress | None = None) -> tuple[Path, ...]:
    """All jars, checked against the lock; fetches missing or damaged ones. Needs no network once cached.

    Raises OperatorError when a jar cannot be had.
    """
    lock: dict[str, str] = json.loads(LOCK.read_text())
    directory = cache_dir() / "kafka"
    directory.mkdir(parents=True, exist_ok=True)
    jars = {coordinate: directory / _file_name(coordinate) for coordinate in lock}
    missing = [name for name, jar in jars.items() if not jar.exists() or _sha256(jar) != lock[name]]
    there = len(jars) - len(missing)
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        fetched = pool.map(lambda name: _fetch(name, lock[name], jars[name]), missing)
        for name, _ in zip(missing, fetched, strict=True):
            there += 1
            if progress:
                progress(_file_name(name), there, len(jars))
    return tuple(jars.values())


def write_lock() -> None:
    """Resolves `ENDPOINT` anew and writes the lock; for whoever moves the broker to another version."""
    import jgo  # noqa: PLC0415  as above

    artifacts = jgo.resolve(ENDPOINT)
    lock = {f"{jar.groupId}:{jar.artifactId}:{jar.version}": _sha256(jar.resolve()) for jar in artifacts}
    LOCK.write_text(json.dumps(dict(sorted(lock.items())), indent=2) + "\n")


if __name__ == "__main__":
    write_lock()
