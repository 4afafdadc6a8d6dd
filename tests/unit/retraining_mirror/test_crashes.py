"""Killed before any call, overtaken between calls, refused one: a repeat ends where an undisturbed mirroring does."""

import shutil
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from runtime.clock import ManualClock
from runtime.registry import Registry
from services.retraining.mirroring import Mirror
from services.retraining.mirroring.connection import connect
from services.retraining.mirroring.mirror import REST_S
from tests.unit.registry.story import settings
from tests.unit.retraining_mirror.interrupting import Killed, interrupting, kill
from tests.unit.retraining_mirror.story import MODEL, NEW, advance, said, serve, uri

CALLS = 34
"""That a new model with two versions takes."""
EVERY = range(1, CALLS + 1)
SOME = (1, 4, 9, 15, 17, 23, 30)
"""A read and a write of each round."""


@pytest.fixture(scope="module")
def undisturbed(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What MLflow says at the end."""
    folder = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(_made, folder)
    with Registry.opened(settings(folder)) as opened:
        assert Mirror(uri(folder), opened).reflect(MODEL)
    return said(folder)


def test_a_new_model_takes_so_many_calls_and_the_end_is_whole(
    home: Path, registry: Registry, undisturbed: dict[str, Any]
) -> None:
    connecting, clients = interrupting(0, kill)
    assert Mirror(uri(home), registry, connect=connecting).reflect(MODEL)
    assert len(clients[0].methods) == CALLS
    assert [version for version, *_ in undisturbed["versions"]] == undisturbed["runs"]
    assert len(undisturbed["aliases"]) == len(undisturbed["runs"]) == 2


@pytest.mark.parametrize("n", EVERY)
def test_killed_before_any_call_a_repeat_heals(
    home: Path, registry: Registry, undisturbed: dict[str, Any], n: int
) -> None:
    connecting, _ = interrupting(n, kill)
    with pytest.raises(Killed):
        Mirror(uri(home), registry, connect=connecting).reflect(MODEL)
    assert Mirror(uri(home), registry).reflect(MODEL)
    assert said(home) == undisturbed


@pytest.mark.parametrize("n", SOME)
def test_refused_a_call_the_same_mirror_heals_after_a_rest(
    home: Path, registry: Registry, undisturbed: dict[str, Any], n: int
) -> None:
    def refuse() -> None:
        raise MlflowException("database is locked")

    clock = ManualClock()
    connecting, _ = interrupting(n, refuse)
    mirror = Mirror(uri(home), registry, clock, connecting)
    assert not mirror.reflect(MODEL)
    clock.sleep(REST_S)
    assert mirror.reflect()
    assert said(home) == undisturbed


@pytest.mark.parametrize("n", range(2, CALLS, 2))
def test_overtaken_between_calls_there_is_one_version_of_each(
    home: Path, registry: Registry, undisturbed: dict[str, Any], n: int
) -> None:
    """Before the n-th call of one, another does all of it."""
    connecting, _ = interrupting(n, lambda: _mirrored(home, registry))
    assert Mirror(uri(home), registry, connect=connecting).reflect(MODEL)
    assert said(home) == undisturbed


@pytest.mark.parametrize("m", [10, 18, 24])
@pytest.mark.parametrize("n", [10, 23, 24])
def test_overtaken_by_one_that_is_killed_a_repeat_heals(
    home: Path, registry: Registry, undisturbed: dict[str, Any], n: int, m: int
) -> None:
    """Before the n-th call of one, another begins and is killed before its own m-th."""

    def begin() -> None:
        beginning, _ = interrupting(m, kill)
        try:
            Mirror(uri(home), registry, connect=beginning).reflect(MODEL)
        except Killed:
            return

    connecting, _ = interrupting(n, begin)
    assert Mirror(uri(home), registry, connect=connecting).reflect(MODEL)
    assert said(home) == undisturbed


@pytest.mark.parametrize("n", SOME)
def test_what_is_registered_while_a_mirroring_runs_is_told_by_it(home: Path, registry: Registry, n: int) -> None:
    """The candidate takes over before the n-th call; nobody asks again."""

    def take_over() -> None:
        advance(registry, "approved", "promoted")
        serve(registry, 2, 10_000)

    connecting, _ = interrupting(n, take_over)
    assert Mirror(uri(home), registry, connect=connecting).reflect(MODEL)
    after = said(home)
    assert after["aliases"] == {"champion": NEW}
    assert after["versions"][1][1]["driftline.state"] == "promoted"


def test_two_that_run_at_once_end_in_one_version_of_each(
    home: Path, registry: Registry, undisturbed: dict[str, Any]
) -> None:
    together = Barrier(2)

    def run() -> None:
        mirror = Mirror(uri(home), registry)
        together.wait()
        mirror.reflect(MODEL)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Mirror(uri(home), registry).reflect(MODEL)
    assert said(home) == undisturbed
    numbers = [int(version.version) for version in connect(uri(home)).search_model_versions(f"name = '{MODEL}'")]
    assert len(numbers) == 2


def _mirrored(home: Path, registry: Registry) -> None:
    assert Mirror(uri(home), registry).reflect(MODEL)
