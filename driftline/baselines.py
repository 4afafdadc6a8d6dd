"""Builds a model version's baseline from the rows it was trained on."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from driftline.datasets import Dataset
from driftline.errors import CommandError
from driftline.holdout import measure
from driftline.parts import Parts
from driftline.seasons import season
from schemas.baseline import Baseline, ColumnBaseline, Kind, Role
from stats.baseline import build_column
from stats.reference import Reference


def build(
    data: Dataset,
    model: str,
    version: str,
    parts: Parts,
    importance: dict[str, float] | None = None,
    *,
    unseen: Dataset | None = None,
) -> Baseline:
    """The baseline of `data`; its outcomes and metrics are of the rows `unseen` in training, else of `data`.

    Raises CommandError when columns are missing or of no usable type.
    """
    _require(data, unseen, parts)
    candidates = parts.features or (name for name in data.names if name not in parts.named)
    features = tuple(name for name in dict.fromkeys(candidates) if name not in parts.exclude)
    if not features:
        raise CommandError(f"{data.source} has no feature column.", "name at least one with --features")
    shares = _shares(importance or {}, features)
    roles: list[tuple[str, Role]] = [(name, "feature") for name in features]
    if parts.prediction:
        roles.append((parts.prediction, "prediction"))
    if parts.score:
        roles.append((parts.score, "score"))
    kinds: dict[str, Kind] = {
        name: "categorical" if name in parts.categorical else data.kind(name) for name, _ in roles
    }
    built = tuple(
        build_column(
            name,
            role,
            kinds[name],
            data.values(name, kinds[name]),
            shares.get(name) if role == "feature" else None,
        )
        for name, role in roles
    )
    reference = Reference(built)
    edges = next((column.edges for column in built if column.role == "prediction"), ())
    measured = measure(data if unseen is None else unseen, data, parts, edges)
    times = data.times_ms(parts.time) if parts.time else np.array([], dtype=np.int64)
    times = times[times != 0]
    try:
        return Baseline(
            model=model,
            version=version,
            digest=reference.digest,
            dataset_digest=data.digest(
                [name for name in data.names if name in {*features, *parts.named} - {parts.time}]
            ),
            rows=data.rows,
            start_ms=int(times.min()) if times.size else None,
            end_ms=int(times.max()) if times.size else None,
            columns=tuple(ColumnBaseline(**asdict(column)) for column in built),
            season=season(data, parts.time, reference) if parts.time else None,
            outcomes=measured.outcomes,
            metrics=measured.metrics,
        )
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise CommandError(
            f"{data.source} makes no baseline: {field} {problem['input']!r:.80}: {problem['msg']}.",
            "names have 1 to 256 characters and no control characters, and a model at most 2,100 columns",
        ) from error


def read_importance(path: Path) -> dict[str, float]:
    """Importances by feature from a JSON object. Raises CommandError."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}.", 'write it as {"feature": 0.4, …}') from error
    if not isinstance(read, dict) or not all(map(_is_finite, read.values())):
        raise CommandError(f"{path} is no object of numbers.", 'write it as {"feature": 0.4, …}')
    return {str(name): float(value) for name, value in read.items()}


def _require(data: Dataset, unseen: Dataset | None, parts: Parts) -> None:
    """Raises CommandError where a column lacks; what only measures is asked of the rows unseen, where there are any."""
    modelled = [name for name in (parts.prediction, parts.score, parts.time) if name]
    others = [*(parts.features or ()), *sorted(parts.categorical | parts.exclude)]
    data.require([*(parts.named if unseen is None else modelled), *others])
    if unseen is not None and parts.label is None:
        raise CommandError(f"{unseen.source} is to measure the model, which asks for labels.", "name them with --label")
    if unseen is not None:
        unseen.require([name for name in (*parts.answers, parts.label) if name])


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shares(importance: dict[str, float], features: Sequence[str]) -> dict[str, float]:
    """Importances as shares of their sum; negative ones (noise of a permutation) count as 0."""
    unknown = sorted(set(importance) - set(features))
    if unknown:
        raise CommandError(
            f"Importances name no feature of the data: {', '.join(unknown)}.",
            f"name some of {', '.join(features)}",
        )
    known = {name: max(value, 0.0) for name, value in importance.items()}
    total = sum(known.values())
    return {name: value / total for name, value in known.items()} if total > 0 else {}
