"""What a trainer may give back. A candidate that breaks this is refused before anything is written."""

import json
import re
from collections.abc import Collection

import numpy as np

from runtime.training.protocol import Answers, Candidate, Task

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUM_TOLERANCE = 1e-3


class Refused(Exception):  # noqa: N818  what the job says, not a fault of this code
    """The trainer gave something that it may not give, and what."""


def check_candidate(candidate: Candidate, task: Task, names: Collection[str]) -> None:
    """`names` are those of the candidates before it. Raises Refused."""
    name, artifact = candidate.name, candidate.artifact
    wrong = {
        "its name must be 1 to 64 letters, digits, - and _": not _NAME.fullmatch(name),
        "another candidate has its name": name in names,
        "its artifact must be bytes, and not none": not isinstance(artifact, bytes) or not artifact,
        "its media type is missing": not candidate.media_type,
        "its importance names features that there are not": bool(set(candidate.importance) - set(task.features)),
        "its importance must be shares of the whole, 0 to 1": not all(
            0 <= share <= 1 for share in candidate.importance.values()
        ),
        "its parameters are no JSON": not _is_json(candidate.parameters),
    }
    _refuse(f"The candidate {name!r}", wrong)


def check_answers(answers: Answers, task: Task, rows: int, of: str) -> None:
    """`of` names candidate and part. Raises Refused."""
    prediction, probabilities = answers.prediction, answers.probabilities
    wrong = {f"it has {len(prediction)} predictions for {rows} rows": len(prediction) != rows}
    if task.kind == "regression":
        wrong["its predictions must be finite numbers"] = not np.isfinite(np.asarray(prediction, np.float64)).all()
    else:
        strange = sorted({str(label) for label in prediction} - set(task.classes))[:3]
        wrong[f"it answers {', '.join(strange)}, which are no classes"] = bool(strange)
    if probabilities is not None:
        shape = (rows, len(task.classes))
        wrong[f"its probabilities must have the shape {shape}, not {probabilities.shape}"] = (
            probabilities.shape != shape
        )
        wrong["its probabilities must be 0 to 1 and add up to 1"] = not (
            ((probabilities >= 0) & (probabilities <= 1)).all()
            and (np.abs(probabilities.sum(axis=-1) - 1) <= _SUM_TOLERANCE).all()
        )
    _refuse(f"The answers of {of}", wrong)


def _refuse(what: str, wrong: dict[str, bool]) -> None:
    found = [reason for reason, is_so in wrong.items() if is_so]
    if found:
        raise Refused(f"{what} cannot be taken: {'; '.join(found)}.")


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
