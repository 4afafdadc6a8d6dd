"""What takes runs through their stages: order, failures, and who is to blame."""

from pathlib import Path

import pytest

from runtime.clock import ManualClock
from runtime.errors import OperatorError
from runtime.registry import ArtifactDamaged, Registry, Stamp, run_view, runs_of
from runtime.settings import KafkaSettings
from runtime.watched import Watched
from services.retraining.backends.local import LocalBackend
from services.retraining.intake import take
from services.retraining.stages.stage import Bench, Made, Product, RunFailed, Stage, Standing
from services.retraining.stages.table import stage_of
from services.retraining.worker import Worker
from tests.drift_stream import Applied
from tests.unit.retraining.conftest import T0, request

A, B, C = (letter * 32 for letter in "abc")


def bench(registry: Registry, folder: Path) -> Bench:
    clock = ManualClock()
    watched = Watched(Applied({}), Applied({}), clock)
    return Bench(
        KafkaSettings(bootstrap_servers="127.0.0.1:9"), registry, watched, LocalBackend(clock), folder, clock, None
    )


def worker(registry: Registry, folder: Path, stage: Stage, *, only: str | None = None) -> Worker:
    """Does one stage only, while runs are at their first step."""
    return Worker(
        bench(registry, folder),
        lambda model: only in (None, model),
        lambda standing: stage if standing.step == "started" else None,
    )


def opened(registry: Registry, *requests: object) -> None:
    with registry.writing() as session:
        for one in requests:
            take(session, Stamp("retraining", T0), one)  # type: ignore[arg-type]  requests


def stands(registry: Registry) -> dict[str, tuple[str, str]]:
    with registry.reading() as session:
        return {run.run_id: (run.stands.step, run.stands.detail) for run in runs_of(session)}


def test_the_urgent_come_first_then_the_older(registry: Registry, tmp_path: Path) -> None:
    opened(
        registry,
        request(A, model="a", requested_ms=T0 + 1),
        request(B, model="b"),
        request(C, model="c", requested_ms=T0 + 2, priority="high"),
    )
    done: list[str] = []

    def stage(_: Bench, standing: Standing) -> Made:
        done.append(standing.run_id)
        return Made(steps=(("data_gate", ""),))

    one = worker(registry, tmp_path / "runs", stage)
    assert [one.turn() for _ in range(4)] == [True, True, True, False]
    assert done == [C, B, A]


def test_a_run_that_waits_holds_up_no_other(registry: Registry, tmp_path: Path) -> None:
    opened(registry, request(A, model="a"), request(B, model="b", requested_ms=T0 + 1))
    one = worker(
        registry, tmp_path / "runs", lambda _, of: None if of.run_id == A else Made(steps=(("data_gate", "told"),))
    )
    assert [one.turn(), one.turn()] == [True, False]
    assert stands(registry) == {A: ("started", "accuracy is 0.5"), B: ("data_gate", "told")}


@pytest.mark.parametrize(
    "error",
    [RunFailed("too few rows"), ZeroDivisionError("division by zero"), ArtifactDamaged("It is damaged.", "restore it")],
)
def test_what_a_stage_cannot_do_ends_its_run_and_no_other(registry: Registry, tmp_path: Path, error: Exception) -> None:
    opened(registry, request(A))

    def stage(_: Bench, __: Standing) -> Made:
        raise error

    assert worker(registry, tmp_path / "runs", stage).turn()
    step, detail = stands(registry)[A]
    assert step == "failed"
    assert str(error) in detail


@pytest.mark.parametrize("error", [OperatorError("Kafka is away", "start it"), OSError("disk full")])
def test_what_no_run_is_to_blame_for_ends_the_process_and_leaves_the_run(
    registry: Registry, tmp_path: Path, error: Exception
) -> None:
    opened(registry, request(A))

    def stage(_: Bench, __: Standing) -> Made:
        raise error

    with pytest.raises(type(error)):
        worker(registry, tmp_path / "runs", stage).turn()
    assert stands(registry)[A][0] == "started"


def test_what_the_registry_refuses_is_not_tried_again_for_ever(registry: Registry, tmp_path: Path) -> None:
    """Other bytes under a product's name: nothing of the stage is written but that it failed."""
    opened(registry, request(A))
    data = iter((b"one", b"another"))
    one = worker(registry, tmp_path / "runs", lambda *_: Made({"plan": Product(next(data))}))
    assert [one.turn(), one.turn()] == [True, True]
    step, detail = stands(registry)[A]
    assert (step, "refused what was made" in detail) == ("failed", True)


def test_another_slots_models_are_left_to_it(registry: Registry, tmp_path: Path) -> None:
    opened(registry, request(A, model="a"), request(B, model="b"))
    one = worker(registry, tmp_path / "runs", lambda *_: Made(steps=(("data_gate", ""),)), only="b")
    assert [one.turn(), one.turn()] == [True, False]
    assert stands(registry)[A][0] == "started"


def test_what_a_stage_made_is_dropped_if_the_run_went_on_without_it(registry: Registry, tmp_path: Path) -> None:
    opened(registry, request(A))

    def stage(_: Bench, __: Standing) -> Made:
        return Made({"plan": Product(b"{}")}, steps=(("data_gate", "first"),))

    def overtaken(_: Bench, __: Standing) -> Made:
        worker(registry, tmp_path / "runs", stage).turn()
        return Made({"plan": Product(b"[]")}, steps=(("data_gate", "second"),))

    assert worker(registry, tmp_path / "runs", overtaken).turn()
    with registry.reading() as session:
        assert [(step.step, step.detail) for step in run_view(session, A).steps][1:] == [("data_gate", "first")]


def test_folders_of_jobs_go_with_their_runs(registry: Registry, tmp_path: Path) -> None:
    """Those of a run that fails or brings its candidate; not those of one at work."""
    opened(registry, request(A, model="a"), request(B, model="b", requested_ms=T0 + 1))
    for name in (A, B, C):
        (tmp_path / "runs" / name / "train").mkdir(parents=True)
    one = worker(
        registry, tmp_path / "runs", lambda _, of: Made(steps=(("failed" if of.run_id == A else "data_gate", ""),))
    )
    one.sweep()
    assert {folder.name for folder in (tmp_path / "runs").iterdir()} == {A, B}
    assert [one.turn(), one.turn()] == [True, True]
    assert {folder.name for folder in (tmp_path / "runs").iterdir()} == {B}


def test_only_people_take_on_what_is_decided() -> None:
    for step in ("approved", "rejected", "promoted", "retired", "failed"):
        assert stage_of(Standing(request(), step, T0, {})) is None  # type: ignore[arg-type]  a step
