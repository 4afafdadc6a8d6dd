"""Answers of candidates to rows without labels, and what asking them costs."""

import time
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from runtime.training.protocol import Answers, Predictor, Task, Trainer
from services.retraining.child.checks import check_answers
from services.retraining.child.confining import peak_memory_bytes
from services.retraining.child.progress import Progress
from services.retraining.child.rows import unlabelled
from services.retraining.jobs import PROBABILITY, AnsweredCandidate, AnswerManifest, AnswerSpec, packed

_WARM: Final = 30
_TIMED: Final = 300
"""Single rows that are asked to know the latency."""


def answer(
    trainer: Trainer, spec: AnswerSpec, folder: Path, progress: Progress
) -> tuple[dict[str, bytes], AnswerManifest]:
    """Files of the result, and what they are. Raises Refused, and what the trainer raises."""
    task = spec.asked
    rows = {part: unlabelled(folder / f"rows/{part}.arrow", task) for part in spec.parts}
    files: dict[str, bytes] = {}
    candidates = {}
    for done, name in enumerate(spec.candidates):
        predictor = trainer.load((folder / f"artifacts/{name}").read_bytes(), task)
        for part, table in rows.items():
            answers = predictor.answer(table)
            check_answers(answers, task, table.num_rows, f"{name} to {part}")
            files[f"{name}.{part}.arrow"] = packed(_table(answers, task))
        p50_ms, p99_ms = _latency_ms(predictor, max(rows.values(), key=len))
        candidates[name] = AnsweredCandidate(
            files={part: f"{name}.{part}.arrow" for part in rows}, latency_p50_ms=p50_ms, latency_p99_ms=p99_ms
        )
        progress.say(f"{name} answered: p99 {p99_ms:.2f} ms a row", (done + 1) / len(spec.candidates))
    return files, AnswerManifest(candidates=candidates, peak_memory_bytes=peak_memory_bytes())


def _table(answers: Answers, task: Task) -> pa.Table:
    kind = pa.float64() if task.kind == "regression" else pa.string()
    columns = {"prediction": pa.array(answers.prediction, kind)}
    if answers.probabilities is not None:
        chances = np.asarray(answers.probabilities, np.float64)
        columns |= {f"{PROBABILITY}{label}": chances[:, i] for i, label in enumerate(task.classes)}
    return pa.table(columns)


def _latency_ms(predictor: Predictor, table: pa.Table) -> tuple[float, float]:
    """Median and 99th percentile of answering one row, once warm; of no rows 0."""
    if not table.num_rows:
        return 0.0, 0.0
    taken_ns = []
    for i in range(_WARM + _TIMED):
        row = table.slice(i % table.num_rows, 1)
        before_ns = time.perf_counter_ns()
        predictor.answer(row)
        taken_ns.append(time.perf_counter_ns() - before_ns)
    p50_ms, p99_ms = np.quantile(taken_ns[_WARM:], (0.5, 0.99)) / 1e6
    return float(p50_ms), float(p99_ms)
