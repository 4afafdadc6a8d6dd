"""Jobs as processes of this machine, with limits of time and memory."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import IO, Final

from runtime.child import spawn
from runtime.clock import Clock
from runtime.errors import OperatorError
from runtime.supervisor import log_tail
from runtime.training.finding import VARIABLE
from services.retraining.backends import traces
from services.retraining.backends.protocol import Done, Failed, Job, Status
from services.retraining.jobs import RESULT

_GRACE_S: Final = 5.0
"""From SIGTERM to SIGKILL."""
_LEFT_BEHIND_S: Final = 10.0
"""In which what a killed service left behind must have ended after SIGKILL."""
_ATTEMPTS: Final = (
    "All of {attempts} attempts ended from outside. Look in the kernel's log whether memory ran out, and whether the "
    "service was killed; training.limits.attempts says how often it is tried."
)
_TOO_LONG: Final = "It was not done after {seconds:g} s. Raise training.limits.time, or give it less to do."
_TAIL_LINES: Final = 8
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_OURS: Final = ("KAFKA_", "DRIFTLINE_")
_ARROW: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Others reserve 1 GiB at once, which would count against the limit of memory."""


@dataclass(frozen=True, slots=True)
class _Started:
    job: Job
    process: subprocess.Popen[bytes]
    attempt: int
    since_s: float


class LocalBackend:
    """A Backend (protocol.py). Each job is a process in a group of its own, which ends with this one.

    A job that failed by itself, or took too long, failed for good. One whose process was ended from outside, as by the
    kernel for want of memory or by a crash of the service, is started again, `limits.attempts` times in all. Memory is
    limited by process: what a trainer starts itself has the same limit again. A job beyond those `at_once` waits: it
    begins when it is submitted again and there is room.
    """

    def __init__(self, clock: Clock, at_once: int = 2) -> None:
        self._clock = clock
        self._at_once = at_once
        self._waiting: set[str] = set()
        self._started: dict[str, _Started] = {}
        self._lock = RLock()
        self._closed = False

    def submit(self, job: Job) -> None:
        """See Backend; raises OperatorError where an earlier process of the job cannot be ended."""
        with self._lock:
            if self._closed or job.job_id in self._started or _settled(job.folder) is not None:
                return
            if sum(other.process.poll() is None for other in self._started.values()) < self._at_once:
                self._waiting.discard(job.job_id)
                self._start(job)
            else:
                self._waiting.add(job.job_id)

    def poll(self, job: Job) -> Status:
        """See Backend; blocks up to 5 s where the job must be ended for its time."""
        with self._lock:
            if (started := self._started.get(job.job_id)) is not None:
                self._look(started)
            if (settled := _settled(job.folder)) is not None:
                return settled
            if job.job_id in self._started or job.job_id in self._waiting or self._closed:
                return traces.progress(job.folder)
            raise OperatorError(f"The job {job.job_id} was not submitted.", "submit it before it is polled")

    def cancel(self, job: Job) -> None:
        """See Backend; blocks up to 5 s, or 10 s where another service left a process behind."""
        with self._lock:
            self._waiting.discard(job.job_id)
            if (started := self._started.pop(job.job_id, None)) is not None:
                _end(started.process)
            with (job.folder / traces.OUTPUT).open("ab") as output:
                self._end_left_behind(job, output)
            if _settled(job.folder) is None:
                traces.fail(job.folder, "It was cancelled.")

    def close(self) -> None:
        """See Backend; a start that is ended in this way does not count as an attempt."""
        with self._lock:
            self._closed = True
            for started in self._started.values():
                _end(started.process)
                traces.forget_attempt(started.job.folder, started.attempt)
            self._started.clear()

    def _start(self, job: Job) -> None:
        folder, limits = job.folder, job.limits
        with (folder / traces.OUTPUT).open("ab") as output:
            self._end_left_behind(job, output)
            attempt = traces.attempts(folder) + 1
            if _settled(folder) is not None:
                return
            if attempt > limits.attempts:
                _fail(job, _ATTEMPTS.format(attempts=limits.attempts))
                return
            traces.attempt(folder, attempt)
            argv = (sys.executable, "-m", "services.retraining.child", str(folder), str(limits.memory_mb))
            process = spawn(argv, env=_environment(os.environ), output=output)
        traces.attempt(folder, attempt, process.pid)
        self._started[job.job_id] = _Started(job, process, attempt, self._clock.monotonic())

    def _look(self, started: _Started) -> None:
        job, code = started.job, started.process.poll()
        late = self._clock.monotonic() - started.since_s > job.limits.time / 1_000
        if code is None and not late and _settled(job.folder) is None:
            return
        _end(started.process)
        del self._started[job.job_id]
        if _settled(job.folder) is not None:
            return
        if code is None:
            _fail(job, _TOO_LONG.format(seconds=job.limits.time / 1_000))
        elif code < 0:
            self._start(job)
        else:
            _fail(job, f"It ended with status {code} and without a result.")

    def _end_left_behind(self, job: Job, output: IO[bytes]) -> None:
        """Ends what a killed service left of this job, and takes the lock that the next process inherits."""
        pid, until_s = traces.last_pid(job.folder), self._clock.monotonic() + _LEFT_BEHIND_S
        while not traces.locked(output):
            if pid is None or self._clock.monotonic() > until_s:
                raise OperatorError(
                    f"A process still works in {job.folder}, and cannot be ended.",
                    "end the process that holds output.log there (lsof tells which)",
                )
            _kill(pid)
            self._clock.sleep(0.05)


def _settled(folder: Path) -> Done | Failed | None:
    if (folder / RESULT).exists():
        return Done()
    reason = traces.failure(folder)
    return None if reason is None else Failed(reason)


def _fail(job: Job, why: str) -> None:
    tail = log_tail(job.folder / traces.OUTPUT, _TAIL_LINES)
    traces.fail(job.folder, f"{why}\n{tail}".strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, where it has not ended, and whatever it started that is still in its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    _kill(process.pid)
    process.wait()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):  # nobody is left in it
        os.killpg(group, signal.SIGKILL)


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The service's, less what opens doors: a trainer needs neither Kafka nor the registry."""
    kept = {name: value for name, value in given.items() if name == VARIABLE or not name.startswith(_OURS)}
    return kept | _ONE_THREAD | _ARROW
