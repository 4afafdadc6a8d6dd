"""Groups of one model version made one, where a batch held its events in JSON and in Arrow."""

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.decode.decoded import Discovered, Group, Segments
from runtime.decode.shape import category_text

Role = Literal["feature", "prediction"]
_ARRAYS = ("index", "row", "time_ms", "latency_ms", "score", "status", "id_hash", "values", "codes")


def merged(groups: Sequence[Group]) -> list[Group]:
    """One group a model version."""
    names = [(group.model, group.version) for group in groups]
    if len(set(names)) == len(names):
        return list(groups)
    ordered = sorted(groups, key=lambda group: (group.model, group.version))
    return [_joined(list(same)) for _, same in groupby(ordered, key=lambda group: (group.model, group.version))]


def _joined(groups: Sequence[Group]) -> Group:
    arrays = {name: np.concatenate([getattr(group, name) for group in groups], axis=-1) for name in _ARRAYS}
    first = groups[0]
    return Group(
        model=first.model,
        version=first.version,
        shape=first.shape,
        segments=_segments(groups),
        discovered=_discovered(groups) if first.shape.discover else (),
        **arrays,
    )


def _segments(groups: Sequence[Group]) -> Segments:
    result = {}
    for dimension in dict.fromkeys(name for group in groups for name in group.segments):
        names = {"": 0}
        parts = []
        for group in groups:
            codes, own = group.segments.get(dimension, (np.zeros(len(group), np.int32), [""]))
            parts.append(np.array([names.setdefault(name, len(names)) for name in own], np.int32)[codes])
        result[dimension] = (np.concatenate(parts), list(names))
    return result


def _discovered(groups: Sequence[Group]) -> tuple[Discovered, ...]:
    by_group = [{(column.role, column.name): column for column in group.discovered} for group in groups]
    names = dict.fromkeys(name for columns in by_group for name in columns)
    return tuple(
        _column(*name, [(len(g), own.get(name)) for g, own in zip(groups, by_group, strict=True)]) for name in names
    )


def _column(role: Role, name: str, parts: Sequence[tuple[int, Discovered | None]]) -> Discovered:
    kinds = {column.kind for _, column in parts if column is not None and not _is_void(column)}
    if kinds <= {"numeric"}:
        values = [
            np.full(n, np.nan) if column is None or column.values is None else column.values for n, column in parts
        ]
        return Discovered(name, role, "numeric", values=np.concatenate(values))
    names: dict[str, int] = {"false": 0, "true": 1} if kinds == {"boolean"} else {}
    codes = np.concatenate([_recoded(n, column, names) for n, column in parts])
    return Discovered(name, role, "boolean" if kinds == {"boolean"} else "categorical", codes=codes, names=tuple(names))


def _is_void(column: Discovered) -> bool:
    return column.values is not None and bool(np.isnan(column.values).all())


def _recoded(n: int, column: Discovered | None, names: dict[str, int]) -> NDArray[np.int32]:
    if column is None:
        return np.full(n, -1, np.int32)
    if column.values is not None:
        texts = [None if value != value else category_text(value) for value in column.values.tolist()]  # noqa: PLR0124  NaN
        codes = [-1 if text is None else names.setdefault(text, len(names)) for text in texts]
        return np.array(codes, np.int32)
    assert column.codes is not None  # noqa: S101  a column has values or codes
    return np.array([*(names.setdefault(text, len(names)) for text in column.names), -1], np.int32)[column.codes]
