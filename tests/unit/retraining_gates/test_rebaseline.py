"""A candidate's baseline is the one that `driftline baseline build` makes of the same rows and answers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftline.baselines import build
from driftline.datasets import Dataset
from driftline.parts import Parts
from runtime.training.protocol import Answers
from schemas.baseline import Baseline
from services.retraining.gates.layouts import layout_of, task_of
from services.retraining.gates.rebaseline import Answered, rebaseline
from services.retraining.gates.trial import pair
from stats.detector.season import Season
from stats.performance.layout import OutcomeLayout
from tests.unit.retraining_gates.worlds import CLASSES, LAYOUTS, MINUTE_MS, Task, World, baseline_of, monitor, replaced

IMPORTANCE = {"age": 0.75, "plan": 0.25}


def weeks(table: pa.Table) -> pa.Table:
    """The rows a quarter of an hour apart, so that the season shows."""
    return replaced(table, "time_ms", 1_800_000_000_000 + 15 * MINUTE_MS * np.arange(table.num_rows))


def answered(task: Task, n: int, seed: int) -> Answered:
    world = World(task, n, seed)
    return Answered(weeks(world.table(world.answers(1.0))), world.answers(0.4))


def made(layout: OutcomeLayout, of: Answered, holdout: Answered, **more: Any) -> Baseline:
    said = {"model": "m", "version": "2", "dataset_digest": None, "importance": IMPORTANCE} | more
    return rebaseline(layout, of, holdout, **said)


def by_hand(task: Task, of: Answered) -> Dataset:
    """The rows as a person would give them to the command."""
    table, p = of.rows, of.answers.probabilities
    features = {
        name.removeprefix("feature:"): table[name] for name in table.column_names if name.startswith("feature:")
    }
    chances = {} if p is None else {f"p:{name}": p[:, k] for k, name in enumerate(CLASSES[task])}
    answers = {"prediction": of.answers.prediction, "score": chances.get("p:yes", np.zeros(table.num_rows))}
    return Dataset("rows", pa.table(features | answers | chances | {"label": table["label"], "time": table["time_ms"]}))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_it_is_what_the_command_builds(task: Task) -> None:
    of, holdout = answered(task, 2_000, 1), answered(task, 600, 2)
    parts = Parts(
        prediction="prediction",
        score="score" if task == "binary" else None,
        label="label",
        time="time",
        features=("age", "usage", "plan", "mobile"),
        probabilities={name: f"p:{name}" for name in CLASSES[task]} if task == "multiclass" else {},
    )
    known = build(by_hand(task, of), "m", "2", parts, IMPORTANCE, unseen=by_hand(task, holdout))
    assert known.outcomes is not None
    layout = layout_of(known, monitor(), of.rows)
    ours = made(layout, of, holdout, dataset_digest=known.dataset_digest)
    assert ours == known
    assert ours.season is not None
    assert Season.from_bytes(ours.season).days == pytest.approx(20.8, abs=0.1)
    assert [column.importance for column in ours.columns[:4]] == [0.75, None, 0.25, None]


def test_rows_of_a_few_days_teach_no_season() -> None:
    world = World("binary", 500)
    of = Answered(world.table(world.answers(1.0)), world.answers(0.5))
    found = made(LAYOUTS["binary"], of, of)
    assert found.season is None
    assert found.end_ms - found.start_ms == 499 * MINUTE_MS


def test_a_candidate_without_probabilities_has_no_score_to_watch() -> None:
    of = answered("binary", 500, 1)
    bare = Answered(of.rows, Answers(of.answers.prediction, None))
    found = made(LAYOUTS["binary"], bare, bare)
    assert [column.role for column in found.columns[4:]] == ["prediction"]
    assert "auc" not in found.metrics
    assert found.metrics["accuracy"] == np.mean(
        np.array(of.answers.prediction) == np.array(of.rows["label"].to_pylist())
    )


def test_without_a_holdout_there_are_no_outcomes() -> None:
    of = answered("binary", 500, 1)
    nothing = Answered(of.rows.slice(0, 0), Answers([], np.zeros((0, 2))))
    assert made(LAYOUTS["binary"], of, nothing).outcomes is None


def test_the_layout_is_the_baseline_s_else_the_monitor_s_else_what_the_rows_tell() -> None:
    world = World("binary", 1_000)
    table = world.table(world.answers(0.5))
    known = baseline_of(table)
    assert layout_of(known, monitor(), table).classes == ("no", "yes")
    learned = known.model_copy(update={"outcomes": None})
    named = monitor().model_copy(update={"classes": ("yes", "no")})
    assert layout_of(learned, named, table).classes == ("yes", "no")
    assert layout_of(None, monitor(), table).classes == ("no", "yes")
    single = monitor().model_copy(update={"classes": ("yes",)})
    assert layout_of(None, single, table).classes == ("no", "yes")
    low = replaced(table, "score", 1 - table["score"].to_numpy())
    assert layout_of(None, monitor(), low).classes == ("yes", "no")
    many = World("multiclass", 1_000)
    assert layout_of(None, monitor(), many.table(many.answers(0.5))).task == "multiclass"
    one = replaced(table, "label", ["no"] * 1_000)
    with pytest.raises(ValueError, match="name two for binary"):
        layout_of(None, monitor(), replaced(one, "prediction", ["no"] * 1_000))


def test_a_regression_s_layout_is_told_by_its_numbers() -> None:
    world = World("regression", 1_000)
    layout = layout_of(None, monitor(), world.table(world.answers(1.0)))
    assert (layout.center, layout.scale) == (pytest.approx(world.truth.mean()), pytest.approx(world.truth.std()))
    assert len(layout.edges) > 10


def test_a_task_names_features_with_their_kinds() -> None:
    world = World()
    task = task_of(LAYOUTS["binary"], world.table(world.answers(0.5)))
    assert task.features == {"age": "numeric", "usage": "numeric", "plan": "categorical", "mobile": "boolean"}
    assert (task.kind, task.classes) == ("binary", ("no", "yes"))


def test_production_s_numbers_are_the_classes_they_name() -> None:
    """Events may say 1.0 where labels say `1`."""
    world = World("binary", 200)
    numbers = Answers(world.codes.astype(float), None)
    table = replaced(world.table(numbers), "label", list(map(str, world.codes)))
    rows = pair(OutcomeLayout("binary", ("0", "1")), table, "v1", Answers(list(map(str, world.codes)), None))
    assert (rows.production.prediction == rows.label).all()
    assert (rows.candidate.prediction == rows.label).all()
