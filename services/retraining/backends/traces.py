"""What a job's folder tells of the processes that worked in it.

`attempt-N` is there from before the N-th start, and holds the process id. A process holds a lock on `output.log`, its
stdout, as do those that it started: while any of them lives, nothing else is started.
"""

import fcntl
import json
from collections import deque
from pathlib import Path
from typing import IO, Final

from services.retraining.backends.protocol import Running
from services.retraining.durable import write

OUTPUT: Final = "output.log"
PROGRESS: Final = "progress.log"
_FAILED: Final = "failed"
_LINES: Final = 5


def attempts(folder: Path) -> int:
    """How often a process was started for this job."""
    return len(list(folder.glob("attempt-*")))


def attempt(folder: Path, number: int, pid: int | None = None) -> None:
    """Marks a start, before it and once the process id is known."""
    write(folder / f"attempt-{number}", b"" if pid is None else str(pid).encode())


def forget_attempt(folder: Path, number: int) -> None:
    """The start does not count: its process was told to end in good order."""
    (folder / f"attempt-{number}").unlink(missing_ok=True)


def last_pid(folder: Path) -> int | None:
    """The newest process; None where none was started, or its id was not written any more."""
    text = (folder / f"attempt-{attempts(folder)}").read_text() if attempts(folder) else ""
    return int(text) if text else None


def locked(output: IO[bytes]) -> bool:
    """Takes the lock of a job's output, which its process then inherits; False where a process has it."""
    try:
        fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def failure(folder: Path) -> str | None:
    """Why the job failed for good; None where it did not."""
    path = folder / _FAILED
    return path.read_text() if path.exists() else None


def fail(folder: Path, reason: str) -> None:
    """Marks the job as failed for good."""
    write(folder / _FAILED, reason.encode())


def progress(folder: Path) -> Running:
    """The last lines of its progress; a line under way is left for later."""
    path = folder / PROGRESS
    if not path.exists():
        return Running()
    with path.open("rb") as file:
        lines = [json.loads(line) for line in deque(file, _LINES + 1) if line.endswith(b"\n")][-_LINES:]
    return Running(tuple(line["says"] for line in lines), lines[-1]["fraction"] if lines else None)
