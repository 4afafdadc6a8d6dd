"""The trainer that comes along: scikit-learn's models of two families, as ONNX.

From the same rows, seed and parameters it makes the same bytes, on the same kind of machine and with the same versions
of what is in the manifest.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from runtime.training.protocol import Assignment, Candidate, Predictor, Task
from services.retraining.trainers.artifact import MEDIA_TYPE, artifact_of
from services.retraining.trainers.calibration import calibration_of
from services.retraining.trainers.encoding import columns_of
from services.retraining.trainers.families import FAMILIES, Fit
from services.retraining.trainers.importance import importance_of
from services.retraining.trainers.known import Known, Work, work_of
from services.retraining.trainers.parameters import FamilyName
from services.retraining.trainers.predictor import OnnxPredictor
from services.retraining.trainers.search import best_setting
from services.retraining.trainers.truth import losses, one_hot

_IMPORTANCE_ROWS: Final = 2_000
_SMALLEST: Final = 1e-7
"""Probability that a log loss is taken of."""
Say = Callable[[str], None]


class ScikitLearn:
    """A Trainer."""

    def train(self, given: Assignment, say: Say) -> Iterator[Candidate]:
        """One candidate a family. Raises OperatorError for parameters and rows that cannot be used."""
        work = work_of(given)
        for name in work.parameters.models:
            with threadpool_limits(1):
                candidate = _candidate(name, work, say)
            yield candidate

    def load(self, artifact: bytes, task: Task) -> Predictor:
        """The model of an artifact; raises ValueError where it is another task's."""
        return OnnxPredictor(artifact, task)


def _candidate(name: FamilyName, work: Work, say: Say) -> Candidate:
    task, parameters, family = work.task, work.parameters, FAMILIES[name]
    columns = columns_of(work.training.features, task.features, parameters.categories, parameters.category_rows)
    encoding = family.encode(columns, work.training.features, one_hot(work.training.truth, task))
    held = (encoding.matrix(work.validation.features), work.validation.truth)

    def fit_to(rows: Known) -> Fit:
        return Fit(task, parameters, work.seed, (encoding.matrix(rows.features), rows.truth), held)

    searched = work.training.drawn(parameters.search_rows, work.seed)
    setting = best_setting(family, fit_to(searched), lambda line: say(f"{name}: {line}"))
    say(f"{name}: fits {len(work.training.truth)} rows with {dict(setting)}")
    model = family.fit(fit_to(work.training), setting)
    adjustment, told = work.scale, dict(setting)
    if task.kind != "regression":
        calibration = calibration_of(model.scores(held[0]), work.validation.truth)
        adjustment, told["calibrated"] = calibration or adjustment, calibration is not None
    if task.kind == "binary":
        told["threshold"] = parameters.threshold
    artifact = artifact_of(task, encoding, model, adjustment, threshold=parameters.threshold)
    say(f"{name}: asks what matters")
    return Candidate(name, artifact, MEDIA_TYPE, told, _importance(artifact, work))


def _importance(artifact: bytes, work: Work) -> dict[str, float]:
    predictor, judged = OnnxPredictor(artifact, work.task), work.validation.drawn(_IMPORTANCE_ROWS, work.seed)

    def losses_of(features: pa.Table) -> NDArray[np.float64]:
        answers = predictor.answer(features)
        scores: NDArray[Any] = (
            work.scale.undone(np.asarray(answers.prediction)[:, None])
            if answers.probabilities is None
            else np.log(np.maximum(answers.probabilities, _SMALLEST))
        )
        return losses(scores, judged.truth, work.task, work.parameters)

    return importance_of(judged.features, losses_of, work.seed)
