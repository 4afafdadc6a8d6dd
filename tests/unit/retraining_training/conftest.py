"""Jobs of trainers that are found as a user's are: by an installed module's name."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.clock import SystemClock
from runtime.training.finding import VARIABLE
from schemas.training import Limits
from services.retraining.backends.local import LocalBackend
from services.retraining.backends.protocol import Done, Failed, Job, Status
from services.retraining.jobs import train_job
from tests.unit.retraining_training.misbehaving import NAMES
from tests.unit.retraining_training.rows import table_of, task_of

JobOf = Callable[..., Job]
Run = Callable[[Job], Status]


@pytest.fixture(autouse=True)
def _trainers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ",".join(f"{name}={place}" for name, place in NAMES.items()))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def backend() -> Iterator[LocalBackend]:
    backend = LocalBackend(SystemClock())
    yield backend
    backend.close()


@pytest.fixture
def job_of(tmp_path: Path) -> JobOf:
    """`job_of(trainer, **limits)`: a training, ready to be submitted."""

    def make(trainer: str, **limits: int) -> Job:
        folder = tmp_path / "jobs" / trainer
        rows = table_of("binary", 40, seed=1)
        train_job(
            folder, trainer=trainer, task=task_of("binary"), parameters={}, seed=0, training=rows, validation=rows
        )
        return Job(trainer, folder, Limits(**{"time": 60_000, **limits}))

    return make


@pytest.fixture
def run(backend: LocalBackend) -> Run:
    """Submits a job, and polls it until it is done or failed."""

    def submit_and_wait(job: Job) -> Status:
        backend.submit(job)
        while not isinstance(status := backend.poll(job), Done | Failed):
            time.sleep(0.05)
        return status

    return submit_and_wait
