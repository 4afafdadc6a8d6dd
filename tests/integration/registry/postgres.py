"""A PostgreSQL of the tests' own: Debian's, on a free port of loopback, in a folder that goes with it."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from runtime.broker.ports import free_port

_START_S = 60
_INSTALL = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-qq", "-y", "--no-install-recommends", "postgresql"),
)


class Postgres:
    """A running server; `database()` makes an empty database and returns its URL."""

    def __init__(self, port: int) -> None:
        self._server = f"postgresql://postgres@127.0.0.1:{port}"
        self._numbers = itertools.count(1)

    def ready(self) -> bool:
        try:
            psycopg.connect(f"{self._server}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def database(self) -> str:
        name = f"registry_{next(self._numbers)}"
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"{self._server}/{name}"


@contextmanager
def running() -> Iterator[Postgres]:
    """Installs PostgreSQL where it is missing, and runs a server while the body runs."""
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="registry-postgres-"))
    user = _unprivileged(home)
    data = home / "data"
    try:
        _run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"], home, user)
        port = free_port()
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": home, "fsync": "off"}
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
                cwd=home,
                stdout=log,
                stderr=log,
                user=user,
            )
        try:
            postgres = Postgres(port)
            _wait(postgres, server, home / "log")
            yield postgres
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nothing of it is needed again
            server.wait(timeout=30)
    finally:
        shutil.rmtree(home)


def _programs() -> Path:
    """The folder of initdb and postgres; Debian keeps it off the PATH."""
    found = _installed()
    if found is None:
        as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # no server of the system's own
        for command in _INSTALL:
            _run([*as_root, *command], Path("/"), None, quiet)
        found = _installed()
    assert found is not None, "these tests need PostgreSQL's server: apt-get install postgresql"
    return found


def _installed() -> Path | None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return debian[-1].parent if debian else Path(on_path).resolve().parent if on_path else None


def _unprivileged(home: Path) -> str | None:
    """The server refuses to run as root: then the folder and the processes are somebody else's."""
    if os.geteuid() != 0:
        return None
    user = "postgres" if _known("postgres") else "nobody"
    shutil.chown(home, user)
    return user


def _known(user: str) -> bool:
    return subprocess.run(["id", user], capture_output=True, check=False).returncode == 0


def _run(command: list[object], folder: Path, user: str | None, env: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in command], cwd=folder, user=user, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def _wait(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_S
    while not postgres.ready():
        assert server.poll() is None, f"PostgreSQL ended: {log.read_text()}"
        assert time.monotonic() < until, f"PostgreSQL is not ready after {_START_S} s: {log.read_text()}"
        time.sleep(0.05)
