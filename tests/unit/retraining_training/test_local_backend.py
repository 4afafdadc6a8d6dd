"""A job as a process: what it may take, how it ends, and what is said of it."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from runtime.clock import ManualClock, SystemClock
from runtime.errors import OperatorError
from services.retraining.backends import traces
from services.retraining.backends.local import LocalBackend
from services.retraining.backends.protocol import Done, Failed, Job, Running, Status
from services.retraining.jobs import trained

JobOf = Callable[..., Job]
Run = Callable[[Job], Status]


def gone(pid: int) -> bool:
    """Whether a process ends, soon."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(20)
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def pid_of(job: Job) -> int:
    while (pid := traces.last_pid(job.folder)) is None:
        time.sleep(0.01)
    return pid


def says(backend: LocalBackend, job: Job, word: str) -> Running:
    """Waits until a job says a word."""
    while True:
        status = backend.poll(job)
        assert isinstance(status, Running), status
        if any(word in line for line in status.says):
            return status
        time.sleep(0.02)


def test_a_job_is_done_once_and_its_result_is_kept(backend: LocalBackend, job_of: JobOf, run: Run) -> None:
    job = job_of("Constant")
    backend.submit(job)
    assert run(job) == Done()
    assert trained(job.folder).artifact("only") == b"42"
    backend.submit(job)
    assert backend.poll(job) == Done()
    assert traces.attempts(job.folder) == 1


def test_a_done_job_is_done_for_a_service_that_knows_nothing_of_it(job_of: JobOf, run: Run) -> None:
    job, later = job_of("Constant"), LocalBackend(SystemClock())
    run(job)
    later.submit(job)
    assert later.poll(job) == Done()
    assert traces.attempts(job.folder) == 1


@pytest.mark.parametrize(
    ("trainer", "limits", "reasons"),
    [
        (
            "Allocates",
            {"memory_mb": 600},
            ["status 3", "limit of memory, 600 MB, was reached", "training.limits.memory_mb"],
        ),
        ("Raises", {}, ["status 1", "ArithmeticError: the matrix is singular", "misbehaving.py"]),
        ("Segfaults", {"attempts": 2}, ["All of 2 attempts", "reads where nothing is"]),
        ("Exits", {}, ["status 0 and without a result", "had enough"]),
        ("MakesNothing", {}, ["status 2", "'MakesNothing' made no candidate"]),
        ("Twice", {}, ["another candidate has its name"]),
        ("Unheard", {}, ["There is no trainer 'Unheard'", "Constant", "scikit-learn"]),
    ],
)
def test_a_trainer_that_misbehaves_fails_for_a_reason_that_people_understand(
    job_of: JobOf, run: Run, trainer: str, limits: dict[str, int], reasons: list[str]
) -> None:
    job = job_of(trainer, **limits)
    status = run(job)
    assert isinstance(status, Failed)
    assert [reason for reason in reasons if reason not in status.reason] == [], status.reason
    assert gone(pid_of(job))
    assert not (job.folder / "result").exists()
    before = traces.attempts(job.folder)
    assert run(job) == status
    assert traces.attempts(job.folder) == before


def test_memory_is_limited_by_what_is_used(job_of: JobOf, run: Run) -> None:
    """The limit is neither passed by much, nor reached by what is only reserved."""
    job = job_of("Allocates", memory_mb=600)
    run(job)
    held_mb = [int(line["says"].split()[1]) for line in map(json.loads, (job.folder / "progress.log").open())]
    assert 300 <= max(held_mb) <= 600


@pytest.mark.parametrize("trainer", ["Sleeps", "SleepsSoundly", "Forks"])
def test_a_job_is_ended_when_its_time_is_over_with_all_that_it_started(
    job_of: JobOf, trainer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKED", str(tmp_path / "forked"))
    clock, job = ManualClock(), job_of(trainer, time=3_600_000)
    backend = LocalBackend(clock)
    backend.submit(job)
    says(backend, job, "sleep")
    clock.sleep(3_600)
    assert isinstance(backend.poll(job), Running)
    clock.sleep(1)
    status = backend.poll(job)
    assert isinstance(status, Failed)
    assert "not done after 3600 s. Raise training.limits.time" in status.reason
    pids = [pid_of(job), *(int(path.read_text()) for path in tmp_path.glob("forked"))]
    assert len(pids) == {"Forks": 2}.get(trainer, 1)
    assert all(gone(pid) for pid in pids)


def test_what_a_trainer_left_running_ends_when_it_is_done(
    job_of: JobOf, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKED", str(tmp_path / "forked"))
    job = job_of("LeavesChild")
    assert run(job) == Done()
    assert gone(int((tmp_path / "forked").read_text()))


def test_a_running_job_tells_its_last_lines(backend: LocalBackend, job_of: JobOf) -> None:
    job = job_of("Sleeps")
    backend.submit(job)
    assert says(backend, job, "sleep").says[-1] == "goes to sleep"


def test_a_cancelled_job_has_failed_and_its_process_is_gone(backend: LocalBackend, job_of: JobOf) -> None:
    job = job_of("Sleeps")
    backend.submit(job)
    says(backend, job, "sleep")
    backend.cancel(job)
    assert backend.poll(job) == Failed("It was cancelled.")
    assert gone(pid_of(job))


def test_a_cancelled_job_that_was_done_stays_done(backend: LocalBackend, job_of: JobOf, run: Run) -> None:
    job = job_of("Constant")
    run(job)
    backend.cancel(job)
    assert backend.poll(job) == Done()


def test_an_orderly_stop_ends_the_process_and_counts_no_attempt(job_of: JobOf) -> None:
    first, job = LocalBackend(SystemClock()), job_of("Sleeps")
    first.submit(job)
    pid = pid_of(job)
    first.close()
    assert gone(pid)
    assert traces.attempts(job.folder) == 0
    assert isinstance(first.poll(job), Running)


def test_a_trainer_s_process_gets_no_door_to_kafka_or_the_registry(
    job_of: JobOf, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "secret")
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", "secret")
    job = job_of("Spies")
    run(job)
    said = traces.progress(job.folder).says
    assert "DRIFTLINE_TRAINERS" in said
    assert f"threads 1, nice {os.nice(0) + 10}" in said


def test_a_job_that_was_not_submitted_cannot_be_polled(backend: LocalBackend, job_of: JobOf) -> None:
    with pytest.raises(OperatorError, match="submit it"):
        backend.poll(job_of("Constant"))


def test_a_progress_line_that_is_under_way_is_left_for_later(tmp_path: Path) -> None:
    (tmp_path / "progress.log").write_text('{"says": "a", "fraction": 0.5}\n{"says": "b", "fra')
    assert traces.progress(tmp_path) == Running(("a",), 0.5)


def test_a_job_beyond_those_that_may_run_at_once_waits_for_its_turn(job_of: JobOf) -> None:
    """A drift of all models at once does not start them all at once."""
    backend, first, second = LocalBackend(SystemClock(), at_once=1), job_of("Sleeps"), job_of("Constant")
    for job in (first, second):
        backend.submit(job)
    assert (backend.poll(second), traces.attempts(second.folder)) == (Running(), 0)
    backend.cancel(first)
    backend.submit(second)
    assert traces.attempts(second.folder) == 1
    backend.cancel(second)
