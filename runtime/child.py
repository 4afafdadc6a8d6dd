"""Child processes that cannot outlive this one, even after kill -9.

On Linux a child asks the kernel for SIGKILL when its parent ends (prctl PR_SET_PDEATHSIG). The kernel means
the parent *thread*, so all are forked by one thread that lives as long as the process; and the request
is made by a wrapper that becomes the child by exec, so nothing runs between fork and exec. Elsewhere
children end only when told to.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9

_Start = Callable[[], subprocess.Popen[bytes]]


class _Forker:
    """The thread that starts all children; a daemon, so it ends only with the process."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[subprocess.Popen[bytes]], _Start]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="forker", daemon=True).start()

    def _run(self) -> None:
        while True:
            future, start = self._jobs.get()
            try:
                future.set_result(start())
            except BaseException as error:  # noqa: BLE001  raised where the child was asked for
                future.set_exception(error)

    def run(self, start: _Start) -> subprocess.Popen[bytes]:
        future: Future[subprocess.Popen[bytes]] = Future()
        self._jobs.put((future, start))
        return future.result()


_forker: _Forker | None = None
_lock = threading.Lock()


def _forget() -> None:
    """After a fork the thread is gone in the copy."""
    global _forker, _lock
    _forker, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a process in a session of its own, so that the terminal's Ctrl-C does not reach it.

    `env` replaces the environment; `output` takes stdout and stderr. The pid is the program's own. Raises
    OSError when nothing can be started; a program that is not found ends with status 127.
    """
    global _forker  # noqa: PLW0603  one thread a process
    with _lock:
        forker = _forker = _forker or _Forker()
    return forker.run(
        lambda: subprocess.Popen(  # noqa: S603  the caller's own command
            [sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv],
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,
        )
    )


def _become(parent: int, argv: list[str]) -> None:
    """Runs in the child: ties it to its parent, then becomes the program."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  only the wrapper needs it

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the request was made
            sys.exit(1)
    try:
        os.execvp(argv[0], argv)  # noqa: S606  that is its purpose
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])
