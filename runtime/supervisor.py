"""Keeps a set of programs running on this machine: `driftline up` in one terminal, without containers."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from runtime.child import spawn
from runtime.clock import Clock
from runtime.metrics import Metrics

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
HEALTHY_S = 60.0
"""A program that ran so long starts afresh with the shortest delay."""
CRASH_LOOP = 5
"""Failures in a row after which the operator is told with the end of the log."""
_POLL_S = 0.2
_TAIL_BYTES = 8_192
_TAIL_LINES = 20


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A program to keep running. `env` is set on top of this process's environment."""

    name: str
    argv: tuple[str, ...]
    log_path: Path
    """Takes its stdout and stderr, appended."""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_timeout_s: float = 15.0
    """How long it may take to end after SIGTERM before SIGKILL."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a program, for the terminal and the log."""

    kind: Literal["started", "exited", "crash_loop", "stopped", "killed"]
    """`killed`: it did not end after SIGTERM in time."""
    name: str
    pid: int
    status: str = ""
    """How it ended: `status 1`, `SIGKILL`."""
    delay_s: float = 0.0
    """Until it is started again."""
    log_tail: str = ""

    def __str__(self) -> str:
        return _SENTENCES[self.kind].format(**{key: getattr(self, key) for key in self.__slots__})


_SENTENCES = {
    "started": "{name} started (process {pid})",
    "exited": "{name} ended with {status}; it starts again in {delay_s:.0f} s",
    "crash_loop": "{name} keeps failing, last with {status}; it is tried again every {delay_s:.0f} s. "
    "The end of its log:\n{log_tail}",
    "stopped": "{name} stopped",
    "killed": "{name} did not stop in time and was killed",
}


@dataclass(slots=True)
class _Managed:
    spec: ProcessSpec
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    due_s: float = 0.0
    failures: int = 0
    starts: int = 0


def restart_delay_s(failures: int) -> float:
    """Seconds before the next start after so many failures in a row: 1, 2, 4 … 30."""
    return min(FIRST_DELAY_S * (1 << min(failures - 1, 10)), LONGEST_DELAY_S)


@dataclass(slots=True)
class Supervisor:
    """Starts programs in order, starts them again when they end, stops them in reverse order.

    They get sessions of their own, so that Ctrl-C in the terminal reaches only this process, and end with it even
    when it is killed (runtime/child.py). Methods may be called from any thread; `on_event` is called from that
    thread, or from the supervisor's own.
    """

    processes: Sequence[ProcessSpec]
    clock: Clock
    on_event: Callable[[Event], None]
    metrics: Metrics | None = None
    """Told which programs run, and how often they were started again."""
    _managed: dict[str, _Managed] = field(init=False)
    _lock: threading.RLock = field(init=False, default_factory=threading.RLock)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._managed = {spec.name: _Managed(spec) for spec in self.processes}
        if len(self._managed) != len(self.processes):
            raise ValueError("two programs have one name: names must differ")

    def start(self) -> None:
        """Starts all programs, and a thread that looks after them until `stop`. Does not block."""
        self.step()
        threading.Thread(target=self._watch, name="supervisor", daemon=True).start()

    def step(self) -> None:
        """Looks at every program once: starts what is due, notices what ended. Does not block."""
        with self._lock:
            if self._stopping.is_set():
                return
            for managed in self._managed.values():
                if managed.process is not None and managed.process.poll() is not None:
                    self._ended(managed, managed.process)
                if managed.process is None and managed.due_s <= self.clock.monotonic():
                    self._start(managed)

    def stop(self) -> None:
        """Ends all programs in reverse order, each by SIGTERM and, when its time is up, SIGKILL. Blocks."""
        self._stopping.set()
        with self._lock:
            for managed in reversed(self._managed.values()):
                self._stop(managed)

    def restart(self, name: str) -> None:
        """Stops one program in order and starts it at once."""
        with self._lock:
            managed = self._managed[name]
            self._stop(managed)
            managed.failures = 0
            self._start(managed)

    def pid(self, name: str) -> int | None:
        """Its process id; None while it is not running."""
        with self._lock:
            process = self._managed[name].process
            return process.pid if process is not None and process.poll() is None else None

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_S):
            self.step()

    def _start(self, managed: _Managed) -> None:
        spec = managed.spec
        spec.log_path.parent.mkdir(parents=True, exist_ok=True)
        with spec.log_path.open("ab") as log:
            managed.process = spawn(spec.argv, env={**os.environ, **spec.env}, cwd=spec.cwd, output=log)
        managed.started_s = self.clock.monotonic()
        self._up(spec.name, running=True)
        if self.metrics is not None and managed.starts > 0:
            self.metrics.count("driftline_process_restarts_total", process=spec.name)
        managed.starts += 1
        self.on_event(Event("started", spec.name, managed.process.pid))

    def _ended(self, managed: _Managed, process: subprocess.Popen[bytes]) -> None:
        now_s = self.clock.monotonic()
        healthy = now_s - managed.started_s >= HEALTHY_S
        managed.failures = 1 if healthy else managed.failures + 1
        delay_s = restart_delay_s(managed.failures)
        managed.due_s = now_s + delay_s
        managed.process = None
        self._up(managed.spec.name, running=False)
        kind: Literal["crash_loop", "exited"] = "crash_loop" if managed.failures == CRASH_LOOP else "exited"
        tail = log_tail(managed.spec.log_path)
        self.on_event(Event(kind, managed.spec.name, process.pid, _status(process.returncode), delay_s, tail))

    def _stop(self, managed: _Managed) -> None:
        process, managed.process = managed.process, None
        if process is None or process.poll() is not None:
            return
        _signal(process, signal.SIGTERM)
        _signal(process, signal.SIGCONT)  # one that is suspended would not hear it
        kind: Literal["stopped", "killed"] = "stopped"
        try:
            process.wait(managed.spec.stop_timeout_s)
        except subprocess.TimeoutExpired:
            kind = "killed"
            _signal(process, signal.SIGKILL)
            process.wait()
        self._up(managed.spec.name, running=False)
        self.on_event(Event(kind, managed.spec.name, process.pid, _status(process.returncode)))

    def _up(self, name: str, *, running: bool) -> None:
        if self.metrics is not None:
            self.metrics.set("driftline_process_up", running, process=name)


def log_tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log, of its last 8 KiB."""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        text = log.read().decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the program and whatever it started: the process leads a group of its own."""
    os.killpg(process.pid, number)


def _status(code: int) -> str:
    return f"status {code}" if code >= 0 else signal.Signals(-code).name
