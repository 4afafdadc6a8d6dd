"""Trainers that do what a user's code may do wrong; each is found by its class' name."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from runtime.training.protocol import Answers, Assignment, Candidate, Task

Say = Callable[[str], None]


def candidate(name: str = "only", **changed: object) -> Candidate:
    return Candidate(
        **{"name": name, "artifact": b"42", "media_type": "text/plain", "parameters": {}, "importance": {}} | changed
    )


class Constant:
    """Behaves: answers the same to all."""

    def train(self, given: Assignment, say: Say) -> Iterator[Candidate]:
        say(f"saw {given.training.features.num_rows} rows")
        return self.make(say)

    def make(self, _: Say) -> Iterator[Candidate]:
        yield candidate()

    def load(self, artifact: bytes, task: Task) -> "Constant":
        assert (artifact, task.kind) == (b"42", "binary")
        return self

    def answer(self, features: pa.Table) -> Answers:
        n = features.num_rows
        return Answers(["good"] * n, np.tile([0.75, 0.25], (n, 1)))


class Sleeps(Constant):
    def make(self, say: Say) -> Iterator[Candidate]:
        say("goes to sleep")
        time.sleep(600)
        yield candidate()


class SleepsSoundly(Sleeps):
    """SIGTERM does not wake it."""

    def make(self, say: Say) -> Iterator[Candidate]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        yield from super().make(say)


class Allocates(Constant):
    def make(self, say: Say) -> Iterator[Candidate]:
        kept = []
        for _ in range(2_000):
            kept.append(np.ones(1 << 20))  # 8 MB that are truly used
            say(f"holds {8 * len(kept)} MB")
        yield candidate()


class TakesTime(Constant):
    """Long enough to be killed in the middle of it."""

    def make(self, say: Say) -> Iterator[Candidate]:
        say("begins")
        time.sleep(0.5)
        yield candidate()


class Raises(Constant):
    def make(self, _: Say) -> Iterator[Candidate]:
        yield candidate()
        raise ArithmeticError("the matrix is singular")


class Segfaults(Constant):
    def make(self, _: Say) -> Iterator[Candidate]:
        print("reads where nothing is", flush=True)  # noqa: T201  its output is looked for
        ctypes.string_at(0)
        yield candidate()


class Exits(Constant):
    def make(self, _: Say) -> Iterator[Candidate]:
        sys.stderr.write("had enough\n")
        sys.stderr.flush()
        os._exit(0)
        yield candidate()


class MakesNothing(Constant):
    def make(self, _: Say) -> Iterator[Candidate]:
        yield from ()


class Forks(Constant):
    """Sleeps, and so does a child of it."""

    def make(self, say: Say) -> Iterator[Candidate]:
        Path(os.environ["FORKED"]).write_text(str(start_sleeper().pid))
        say("has a child, and goes to sleep")
        time.sleep(600)
        yield candidate()


class LeavesChild(Constant):
    """The trainer is done, a child of it is not."""

    def make(self, _: Say) -> Iterator[Candidate]:
        Path(os.environ["FORKED"]).write_text(str(start_sleeper().pid))
        yield candidate()


class Twice(Constant):
    def make(self, _: Say) -> Iterator[Candidate]:
        yield candidate()
        yield candidate()


class Spies(Constant):
    """Tells what it was given of the service's environment."""

    def make(self, say: Say) -> Iterator[Candidate]:
        say(" ".join(sorted(name for name in os.environ if name.startswith(("KAFKA_", "DRIFTLINE_")))))
        say(f"threads {os.environ['OMP_NUM_THREADS']}, nice {os.nice(0)}")
        yield candidate()


def start_sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)


NAMES = {
    kind.__name__: f"misbehaving:{kind.__name__}"
    for kind in (
        Constant, Sleeps, SleepsSoundly, Allocates, Raises, Segfaults, Exits, MakesNothing, Forks, LeavesChild,
        TakesTime, Twice, Spies,
    )
}  # fmt: skip
