"""Killed anywhere and repeated, the calls of a model's life leave the same rows; so do two that write at once."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runtime.registry import Candidate, Registry, Stamp, register_candidate
from tests.integration.registry.conftest import Empty
from tests.unit.house.tree import ROOT
from tests.unit.registry.story import CALLS, MODEL, T0, calls, live, rows, settings

KILLED_IN = """
import os, signal, sys
from pathlib import Path
from runtime.registry import Registry, Stamp
from tests.unit.registry.story import T0, calls, settings
folder, url, last, moment = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
registry = Registry.opened(settings(folder, url))
for number, call in enumerate(calls(registry)):
    with registry.writing() as session:
        call(session, Stamp("retraining", T0 + 1_000 * number))
        if (number, moment) == (last, "before the commit"):
            os.kill(os.getpid(), signal.SIGKILL)
        if (number, moment) == (last, "before the head is kept apart"):
            type(registry.artifacts).write_note = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def undisturbed(empty: Empty, tmp_path: Path) -> dict[str, list[Any]]:
    with Registry.opened(settings(tmp_path, empty("undisturbed"))) as registry:
        assert len(live(registry)) == CALLS
        return rows(registry)


@pytest.mark.parametrize(("number", "moment"), [(7, "before the commit"), (CALLS - 2, "before the head is kept apart")])
def test_a_process_killed_within_a_call_and_started_again_leaves_the_same_rows(
    url: str, tmp_path: Path, undisturbed: dict[str, list[Any]], number: int, moment: str
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN, str(tmp_path), url, str(number), moment],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with Registry.opened(settings(tmp_path, url)) as registry:
        assert registry.verify() == []
        said = live(registry, T0 + 10_000_000)
        written = number if moment == "before the commit" else number + 1
        assert said == [False] * written + [True] * (CALLS - written)
        assert rows(registry) == undisturbed
        assert registry.verify() == []


def test_of_two_that_register_the_same_at_once_one_writes(registry: Registry, url: str, tmp_path: Path) -> None:
    def register(number: int) -> list[bool]:
        said = []
        with Registry.opened(settings(tmp_path, url)) as own:
            for version in range(10):
                with own.writing() as session:
                    made = Candidate(model=MODEL, version=str(version), artifact=None)
                    said.append(register_candidate(session, Stamp(f"writer {number}", T0), made))
        return said

    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(register, range(3)))
    assert [sum(each) for each in zip(*said, strict=True)] == [1] * 10
    assert registry.verify() == []


def test_a_reader_sees_one_moment_while_others_write(registry: Registry) -> None:
    made = calls(registry)
    with registry.reading() as reader:
        before = reader.connection().exec_driver_sql("SELECT count(*) FROM version").scalar()
        with registry.writing() as session:
            made[0](session, Stamp("retraining", T0))
        assert reader.connection().exec_driver_sql("SELECT count(*) FROM version").scalar() == before == 0
    with registry.reading() as reader:
        assert reader.connection().exec_driver_sql("SELECT count(*) FROM version").scalar() == 1
