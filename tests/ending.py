"""How tests end processes: by SIGTERM, once they know what to do with it."""

import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from runtime.clock import SystemClock

POLL_S = 0.05


def handles(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether the process has a handler for a signal, as the kernel has it; one that has ended has none."""
    if process.poll() is not None:
        return False
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1]
    return bool(int(caught, 16) >> (number - 1) & 1)


def asked_to_end(processes: Iterable[subprocess.Popen[bytes]], timeout_s: float = 60.0) -> bool:
    """Sends SIGTERM to each process as soon as it handles it, and waits for their ends; says whether all came in time.

    Sooner, a process that is still starting would die of the signal.
    """
    clock = SystemClock()
    until_s = clock.monotonic() + timeout_s
    running, asked = list(processes), set[int]()
    while running and clock.monotonic() < until_s:
        for process in running:
            if process.pid not in asked and handles(process, signal.SIGTERM):
                process.terminate()
                asked.add(process.pid)
        clock.sleep(POLL_S)
        running = [process for process in running if process.poll() is None]
    return not running
