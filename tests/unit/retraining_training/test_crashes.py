"""The service is killed while a job runs: nothing is left of its process, and it goes on when it is submitted again."""

import fcntl
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from services.retraining.backends import traces
from services.retraining.backends.local import LocalBackend
from services.retraining.backends.protocol import Done, Failed, Job, Status

ROOT = Path(__file__).parents[3]
JobOf = Callable[..., Job]
Run = Callable[[Job], Status]
SERVICE = """
import sys, time
from pathlib import Path
from runtime.clock import SystemClock
from schemas.training import Limits
from services.retraining.backends.local import LocalBackend
from services.retraining.backends.protocol import Job

job = Job("killed", Path(sys.argv[1]), Limits(attempts=int(sys.argv[2])))
backend = LocalBackend(SystemClock())
print("up", flush=True)
backend.submit(job)
while True:
    backend.poll(job)
    time.sleep(0.05)
"""


def serve(job: Job) -> "subprocess.Popen[bytes]":
    """A service that works on the job, once it is about to submit it."""
    argv = [sys.executable, "-c", SERVICE, str(job.folder), str(job.limits.attempts)]
    service = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
    assert service.stdout is not None
    assert service.stdout.readline() == b"up\n"
    return service


def kill(service: "subprocess.Popen[bytes]") -> None:
    service.kill()
    service.communicate()


def working_on(job: Job) -> list[psutil.Process]:
    """Processes of the job; those that were killed are waited for."""
    found = [
        process for process in psutil.process_iter(["cmdline"]) if str(job.folder) in (process.info["cmdline"] or ())
    ]
    return psutil.wait_procs(found, timeout=10)[1]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_service_killed_at_random_leaves_no_process_and_the_job_goes_on(job_of: JobOf, run: Run, seed: int) -> None:
    rng, job = random.Random(seed), job_of("TakesTime", attempts=10)
    for _ in range(3):
        service = serve(job)
        time.sleep(rng.random() * 3)
        kill(service)
        assert working_on(job) == []
    assert run(job) == Done()
    assert 1 <= traces.attempts(job.folder) <= 4


def test_attempts_are_counted_over_crashes_of_the_service(backend: LocalBackend, job_of: JobOf) -> None:
    job = job_of("Sleeps", attempts=2)
    for number in (1, 2):
        service = serve(job)
        while traces.attempts(job.folder) < number or traces.last_pid(job.folder) is None:
            time.sleep(0.02)
        kill(service)
    backend.submit(job)
    status = backend.poll(job)
    assert isinstance(status, Failed)
    assert "All of 2 attempts ended from outside" in status.reason
    assert working_on(job) == []


def test_a_process_that_outlived_its_service_is_ended_before_another_is_started(
    backend: LocalBackend, job_of: JobOf, run: Run
) -> None:
    """As where the kernel cannot tie a process to its parent."""
    job = job_of("Constant")
    with (job.folder / traces.OUTPUT).open("ab") as output:
        assert traces.locked(output)
        sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
        old = subprocess.Popen(sleeps, stdout=output, start_new_session=True)
    traces.attempt(job.folder, 1, old.pid)
    backend.submit(job)
    assert old.poll() is not None or old.wait(10)
    assert run(job) == Done()
    assert traces.attempts(job.folder) == 2


def test_what_a_trainer_started_is_ended_before_it_is_started_again(
    backend: LocalBackend, job_of: JobOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel ends the trainer with its service, but not what the trainer started."""
    forked = tmp_path / "forked"
    monkeypatch.setenv("FORKED", str(forked))
    job = job_of("Forks")
    service = serve(job)
    while not any("sleep" in line for line in traces.progress(job.folder).says):
        time.sleep(0.02)
    kill(service)
    assert working_on(job) == []
    left = psutil.Process(int(forked.read_text()))
    assert left.is_running()
    backend.submit(job)
    assert psutil.wait_procs([left], timeout=10)[1] == []
    backend.cancel(job)


def test_the_lock_of_a_job_is_free_once_its_processes_are_gone(job_of: JobOf, run: Run) -> None:
    job = job_of("Constant")
    run(job)
    with (job.folder / traces.OUTPUT).open("ab") as output:
        fcntl.flock(output, fcntl.LOCK_EX | fcntl.LOCK_NB)
