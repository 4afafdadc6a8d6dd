"""The same rows, seed and parameters make the same bytes, in whatever process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.retraining.jobs import train_job, trained
from tests.unit.retraining_training.rows import TaskKind, table_of, task_of


def digests(folder: Path, kind: TaskKind, seed: int, **environment: str) -> dict[str, str]:
    train_job(
        folder,
        trainer="scikit-learn",
        task=task_of(kind),
        parameters={"search": 2, "search_rows": 1_000},
        seed=seed,
        training=table_of(kind, 1_100, seed=1),
        validation=table_of(kind, 400, seed=2),
    )
    argv = [sys.executable, "-m", "services.retraining.child", str(folder)]
    subprocess.run(argv, env={**os.environ, **environment}, check=True)
    return {candidate.name: candidate.digest for candidate in trained(folder).manifest.candidates}


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_two_processes_make_the_same_bytes(tmp_path: Path, kind: TaskKind) -> None:
    first = digests(tmp_path / "first", kind, seed=7, PYTHONHASHSEED="1", OMP_NUM_THREADS="1")
    second = digests(tmp_path / "second", kind, seed=7, PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    assert len(first) == 2
    assert first == second
