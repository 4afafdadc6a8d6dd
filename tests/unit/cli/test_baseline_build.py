"""`driftline baseline build` from outside: what it writes, and what it says of the labels."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn import metrics as sklearn
from typer.testing import CliRunner, Result

from driftline.cli import app
from schemas.baseline import Baseline

runner = CliRunner()


def rows(seed: int, n: int = 1_000) -> pa.Table:
    rng = np.random.default_rng(seed)
    score = rng.random(n)
    return pa.table(
        {
            "amount": rng.normal(size=n),
            "p": score,
            "q": 1 - score,
            "answer": (score > 0.4).astype(int),
            "bought": rng.random(n) < score,
        }
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("train", 1), ("unseen", 2)):
        parquet.write_table(rows(seed), tmp_path / f"{name}.parquet")
    return tmp_path


def build(*options: str) -> Result:
    words = " ".join(("baseline build train.parquet --model shop --version 7 -o baseline.json", *options))
    return runner.invoke(app, words.split())


def test_a_holdout_gives_outcomes_and_the_figures_that_are_told(folder: Path) -> None:
    shown = build("--prediction answer --score p --label bought --holdout unseen.parquet --exclude q")
    assert shown.exit_code == 0, shown.stderr
    written = Baseline.model_validate_json((folder / "baseline.json").read_text())
    unseen = rows(2).to_pandas()
    accuracy = sklearn.accuracy_score(unseen["bought"], unseen["answer"])
    assert written.outcomes is not None
    assert (written.outcomes.task, written.outcomes.classes) == ("binary", ("0", "1"))
    assert written.metrics["accuracy"] == pytest.approx(accuracy)
    assert f"Labels of 1,000 rows (binary, positive is 1): accuracy {accuracy:.4g}, precision" in shown.stdout
    assert "--holdout" not in shown.stdout
    assert [column.name for column in written.columns] == ["amount", "answer", "p"]


def test_without_a_holdout_it_warns_that_training_rows_flatter() -> None:
    shown = build("--prediction answer --score p --label bought --exclude q")
    assert shown.exit_code == 0, shown.stderr
    assert "which flatter a model: give rows it has not seen with --holdout" in shown.stdout


def test_probabilities_are_named_by_class_and_are_no_features(folder: Path) -> None:
    shown = build("--prediction answer --label bought --probabilities 1=p,0=q --holdout unseen.parquet")
    assert shown.exit_code == 0, shown.stderr
    written = Baseline.model_validate_json((folder / "baseline.json").read_text())
    assert written.metrics["auc"] == pytest.approx(
        sklearn.roc_auc_score(rows(2)["bought"].to_numpy(), rows(2)["p"].to_numpy()), abs=0.001
    )
    assert [column.name for column in written.columns] == ["amount", "answer"]


def test_labels_without_answers_give_metrics_of_scores_and_say_what_lacks(folder: Path) -> None:
    shown = build("--score p --label bought --exclude q,answer")
    assert shown.exit_code == 0, shown.stderr
    assert "Labels: auc" in shown.stdout
    assert "No labelled reference" in shown.stdout
    assert "--prediction" in shown.stdout
    assert Baseline.model_validate_json((folder / "baseline.json").read_text()).outcomes is None


def test_without_labels_nothing_is_said_of_them() -> None:
    assert "abel" not in build("--prediction answer --score p --exclude q,bought").stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--prediction answer --holdout unseen.parquet --exclude q,bought", "asks for labels"),
        ("--prediction answer --label bought --holdout nowhere.parquet", "nowhere.parquet cannot be read"),
        ("--prediction answer --label bought --probabilities p", "names no columns"),
        ("--prediction answer --label bought --probabilities maybe=p", "No label or answer is 'maybe'"),
        ("--prediction answer --label bought --probabilities 1=amount", "which is no probability"),
    ],
)
def test_what_cannot_be_used_is_said_on_stderr(options: str, says: str) -> None:
    shown = build(options)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert says in shown.stderr
