"""A job's folder: what goes in, what comes out, and what the process refuses."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from services.retraining.backends.traces import progress
from services.retraining.child.job import work
from services.retraining.jobs import answer_job, answered, packed, read_table, spec_of, train_job, trained
from tests.unit.retraining_training.rows import KINDS, TaskKind, table_of, task_of


def train(folder: Path, kind: TaskKind = "binary", trainer: str = "scikit-learn", seed: int = 0) -> None:
    train_job(
        folder,
        trainer=trainer,
        task=task_of(kind),
        parameters={"search": 1},
        seed=seed,
        training=table_of(kind, 600, seed=1),
        validation=table_of(kind, 300, seed=2),
    )


def answer(folder: Path, artifact: bytes, kind: TaskKind = "binary", trainer: str = "scikit-learn") -> None:
    parts = {"validation": table_of(kind, 50, seed=2), "holdout": table_of(kind, 70, seed=3)}
    answer_job(folder, trainer=trainer, task=task_of(kind), artifacts={"the-one": artifact}, rows=parts)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_candidates_are_trained_and_answer(tmp_path: Path, kind: TaskKind) -> None:
    train(tmp_path / "train", kind)
    assert work(tmp_path / "train") == 0
    made = trained(tmp_path / "train")
    assert [candidate.name for candidate in made.manifest.candidates] == ["linear", "boosting"]
    for candidate in made.manifest.candidates:
        assert candidate.size_bytes == len(made.artifact(candidate.name)) > 1_000
        assert candidate.train_s > 0
        assert set(candidate.importance) <= set(KINDS)
        assert sum(candidate.importance.values()) == pytest.approx(1)
    assert {"numpy", "onnx", "onnxruntime", "scikit-learn"} <= made.manifest.packages.keys()

    answer(tmp_path / "answer", made.artifact("boosting"), kind)
    assert work(tmp_path / "answer") == 0
    assert progress(tmp_path / "answer").fraction == 1.0
    told = answered(tmp_path / "answer")
    asked, task = told.manifest.candidates["the-one"], task_of(kind)
    assert 0 < asked.latency_p50_ms <= asked.latency_p99_ms
    assert told.manifest.peak_memory_bytes > 1 << 20
    for part, rows in (("validation", 50), ("holdout", 70)):
        answers = told.answers("the-one", part, task)
        assert len(answers.prediction) == rows
        if kind == "regression":
            assert answers.probabilities is None
        else:
            assert answers.probabilities is not None
            assert answers.probabilities.shape == (rows, len(task.classes))


def test_a_folder_that_was_laid_out_is_left_as_it_is(tmp_path: Path) -> None:
    train(tmp_path / "job")
    (tmp_path / "job/attempt-1").touch()
    train(tmp_path / "job")
    assert (tmp_path / "job/attempt-1").exists()


def test_a_folder_is_not_taken_for_another_job_s(tmp_path: Path) -> None:
    train(tmp_path / "job")
    with pytest.raises(ValueError, match="holds another job"):
        train(tmp_path / "job", seed=1)


def test_what_an_earlier_writer_left_unfinished_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "job.tmp").mkdir()
    (tmp_path / "job.tmp/training.arrow").write_bytes(b"half of it")
    train(tmp_path / "job")
    assert spec_of(tmp_path / "job").trainer == "scikit-learn"
    assert read_table(tmp_path / "job/training.arrow").num_rows == 600
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def test_a_trainer_sees_features_labels_and_times_only(tmp_path: Path) -> None:
    rows = table_of("binary", 40, seed=1).append_column("prediction_id", pa.array(["a"] * 40))
    train_job(
        tmp_path / "job", trainer="t", task=task_of("binary"), parameters={}, seed=0, training=rows, validation=rows
    )
    names = [f"feature:{name}" for name in KINDS] + ["label", "time_ms"]
    assert read_table(tmp_path / "job/training.arrow").column_names == names


@pytest.mark.parametrize("column", ["label", "prediction", "score"])
def test_a_process_that_answers_refuses_rows_with_anything_but_features(
    tmp_path: Path, column: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "job", b"42", trainer="Constant")
    rows = read_table(tmp_path / "job/rows/holdout.arrow").append_column(column, pa.array(np.zeros(70)))
    (tmp_path / "job/rows/holdout.arrow").write_bytes(packed(rows))
    assert work(tmp_path / "job") == 2
    assert f"holdout.arrow has the columns {column}" in capfd.readouterr().err
    assert not (tmp_path / "job/result").exists()


def test_an_artifact_that_was_changed_is_noticed(tmp_path: Path) -> None:
    train(tmp_path / "job", trainer="Constant")
    work(tmp_path / "job")
    (tmp_path / "job/result/only.artifact").write_bytes(b"43")
    with pytest.raises(ValueError, match="damaged"):
        trained(tmp_path / "job").artifact("only")


def test_a_result_that_was_left_half_written_is_made_anew(tmp_path: Path) -> None:
    train(tmp_path / "job", trainer="Constant")
    (tmp_path / "job/result.tmp").mkdir()
    (tmp_path / "job/result.tmp/linear.artifact").write_bytes(b"half of it")
    assert work(tmp_path / "job") == 0
    assert sorted(path.name for path in (tmp_path / "job/result").iterdir()) == ["manifest.json", "only.artifact"]


def test_a_feature_without_any_value_is_of_its_kind(tmp_path: Path) -> None:
    """A snapshot cannot know the type of a column of nulls."""
    rows = table_of("binary", 50, seed=1)
    for name in KINDS:
        rows = rows.set_column(rows.column_names.index(f"feature:{name}"), f"feature:{name}", pa.nulls(50))
    task = task_of("binary")
    train_job(
        tmp_path / "job", trainer="scikit-learn", task=task, parameters={}, seed=0, training=rows, validation=rows
    )
    assert work(tmp_path / "job") == 0
