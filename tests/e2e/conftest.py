"""The command line as a person starts it: a process of its own, in a folder of its own, with a real Kafka."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from runtime.clock import SystemClock

Driftline = Callable[..., "Running"]


class Running:
    """A started command."""

    def __init__(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.output = folder / "output.txt"
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "driftline.cli", *arguments],
                cwd=folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        self.seen: dict[int, psutil.Process] = {}

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def look(self) -> list[psutil.Process]:
        """All processes it has started so far, and theirs; remembered, so that they can be looked for after its end."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            found = []
        self.seen |= {process.pid: process for process in found}
        return found

    def wait_for(self, said: Callable[[str], bool], timeout_s: float = 120) -> None:
        """Waits until its output is as wanted."""
        clock = SystemClock()
        deadline_s = clock.monotonic() + timeout_s
        while not said(self.text):
            self.look()
            assert self.process.poll() is None, f"it ended early:\n{self.text}"
            assert clock.monotonic() < deadline_s, f"it did not say so within {timeout_s:.0f} s:\n{self.text}"
            clock.sleep(0.2)

    def end(self, number: signal.Signals = signal.SIGINT, timeout_s: float = 120) -> int:
        """Sends a signal and waits for the end; returns the exit status."""
        self.look()
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def left(self) -> list[psutil.Process]:
        """What it started and left behind."""
        return psutil.wait_procs(self.seen.values(), timeout=30)[1]


@pytest.fixture
def environment() -> dict[str, str]:
    """This environment without another Kafka in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "DRIFTLINE_TOPIC"))}


@pytest.fixture
def driftline(tmp_path: Path, environment: dict[str, str]) -> Iterator[Driftline]:
    """Starts `driftline …` in an empty folder; ends it if the test did not."""
    started: list[Running] = []

    def start(*arguments: str) -> Running:
        started.append(Running(list(arguments), tmp_path, environment))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


@pytest.fixture
def ask(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Any]:
    """Runs a --json command to its end; returns (exit status, the documents it printed)."""

    def run(*arguments: str) -> tuple[int, list[Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "driftline.cli", *arguments, "--json"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        decoder, documents, rest = json.JSONDecoder(), [], done.stdout.strip()
        while rest:
            document, end = decoder.raw_decode(rest)
            documents.append(document)
            rest = rest[end:].strip()
        return done.returncode, documents

    return run
