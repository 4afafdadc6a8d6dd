"""An artifact that answers, in onnxruntime."""

from typing import Any, Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it has no types
import pyarrow as pa
from numpy.typing import NDArray

from runtime.training.protocol import Answers, Task
from services.retraining.trainers.artifact import LABEL, PROBABILITY, VALUE, task_in
from services.retraining.trainers.feeding import numbers, texts

_ROWS: Final = 50_000
"""Answered at once, which bounds memory."""


class OnnxPredictor:
    """A Predictor. One thread, and nothing is told to anybody."""

    def __init__(self, artifact: bytes, task: Task) -> None:
        """Raises ValueError where the artifact is of another task, or none of this trainer's."""
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(artifact, options, providers=["CPUExecutionProvider"])
        if task_in(self._session.get_modelmeta().custom_metadata_map) != task:
            raise ValueError("the artifact is of another task: its classes or features differ; train it again")
        self._task = task

    def answer(self, features: pa.Table) -> Answers:
        """See Predictor."""
        starts = range(0, max(features.num_rows, 1), _ROWS)
        outputs = [self._run(features.slice(start, _ROWS)) for start in starts]
        joined = [np.concatenate(parts) for parts in zip(*outputs, strict=True)]
        if self._task.kind == "regression":
            return Answers(joined[0][:, 0].astype(np.float64), None)
        return Answers(joined[0].tolist(), joined[1].astype(np.float64))

    def _run(self, features: pa.Table) -> list[NDArray[Any]]:
        wanted = [VALUE] if self._task.kind == "regression" else [LABEL, PROBABILITY]
        fed = {name: _fed(features[name], kind)[:, None] for name, kind in self._task.features.items()}
        return list(self._session.run(wanted, fed))


def _fed(column: pa.ChunkedArray, kind: str) -> NDArray[Any]:
    return texts(column).to_numpy() if kind == "categorical" else numbers(column)
