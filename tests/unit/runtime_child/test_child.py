"""Children that cannot outlive their parent."""

import multiprocessing
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.child import spawn

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")


def test_a_child_survives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    """The kernel's signal is for the end of the forking thread: from any but a lasting one it would come here."""
    log = tmp_path / "log"

    def start() -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            child = spawn(SLEEP, output=output)
        while child.poll() is None and not log.stat().st_size:
            time.sleep(0.02)
        return child

    with ThreadPoolExecutor(1) as short_lived:
        child = short_lived.submit(start).result()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
    finally:
        child.kill()
        child.wait()


def test_output_environment_directory_and_status_are_the_childs(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        source = "import os, sys; print(os.environ, os.getcwd(), flush=True); sys.exit(7)"
        child = spawn((sys.executable, "-c", source), env={"ONLY": "this"}, cwd=tmp_path, output=log)
    assert child.wait(20) == 7
    text = (tmp_path / "log").read_text()
    assert "'ONLY': 'this'" in text
    assert "HOME" not in text
    assert text.strip().endswith(str(tmp_path))


def _spawn_in_fork(answers: "multiprocessing.SimpleQueue[int]") -> None:
    answers.put(spawn((sys.executable, "-c", "raise SystemExit(5)")).wait(20))


def test_a_forked_copy_of_the_process_can_start_children_too() -> None:
    spawn((sys.executable, "-c", "")).wait(20)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    fork = context.Process(target=_spawn_in_fork, args=(answers,))
    fork.start()
    fork.join(30)
    assert answers.get() == 5
