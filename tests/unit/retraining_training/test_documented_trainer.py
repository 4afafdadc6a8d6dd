"""The trainer in docs/trainers.md is a trainer, found and run as its readers would."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from schemas.training import Limits, Training
from services.retraining.backends.protocol import Done, Job, Status
from services.retraining.jobs import answer_job, answered, train_job, trained
from services.retraining.trainers.parameters import Parameters
from tests.unit.retraining_training.rows import table_of, task_of

DOCUMENT = (Path(__file__).parents[3] / "docs/trainers.md").read_text()


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    return str(found)


def test_the_documented_trainer_makes_a_candidate_that_answers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[Job], Status],
) -> None:
    (tmp_path / "my_module.py").write_text(block("python"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DRIFTLINE_TRAINERS", "shares=my_module:Shares")
    task, rows = task_of("multiclass"), [table_of("multiclass", 800, seed) for seed in (1, 2, 3)]
    training = Job("train", tmp_path / "train", Limits())
    train_job(training.folder, trainer="shares", task=task, parameters={}, seed=0, training=rows[0], validation=rows[1])
    assert run(training) == Done()
    made = trained(training.folder)
    (candidate,) = made.manifest.candidates
    assert candidate.importance == {"city": 1.0}

    answering = Job("answer", tmp_path / "answer", Limits())
    artifacts = {candidate.name: made.artifact(candidate.name)}
    answer_job(answering.folder, trainer="shares", task=task, artifacts=artifacts, rows={"holdout": rows[2]})
    assert run(answering) == Done()
    told = answered(answering.folder).answers("shares", "holdout", task)
    right = np.mean(np.array(told.prediction) == np.array(rows[2]["label"].to_pylist()))
    _, counts = np.unique(rows[2]["label"].to_pylist(), return_counts=True)
    assert right > counts.max() / 800


def test_the_documented_monitor_s_part_is_valid_and_its_parameters_are_all_there_are() -> None:
    training = Training.model_validate(yaml.safe_load(block("yaml"))["training"], strict=False)
    Parameters.model_validate(training.parameters, strict=False)
    table = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", DOCUMENT, re.MULTILINE))
    assert {name: text.strip("`") for name, text in table.items() if name in Parameters.model_fields} == {
        name: str(field.default if name != "models" else list(field.default)).replace("'", "")
        for name, field in Parameters.model_fields.items()
    }
