"""Monitor files: YAML read with line numbers, so that a mistake is named where it stands."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from driftline.errors import CommandError
from schemas.baseline import Baseline
from schemas.monitor import Monitor, Threshold
from schemas.retraining_policy import CalendarPolicy, DriftPolicy, PerformancePolicy, VolumePolicy
from schemas.windowing import WindowSpec
from stats.layout import Layout
from stats.reference import ColumnReference, Reference

_BASELINE_SCHEMA = "driftline.baseline/1"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_FLOAT = "tag:yaml.org,2002:float"

_WRITE: MappingProxyType[str, str] = MappingProxyType(
    {
        "missing": "is lacking: add it",
        "string_type": 'must be text: put it in quotes, such as "3"',
        "tuple_type": "must be a list: write [a, b], or a line with a dash for each",
        "model_type": "must be keys with values, such as {size: 1h}",
        "bool_type": "must be true or false",
        "int_type": "must be a whole number, or where it is a duration one with a unit, such as 90s, 5m, 1h or 7d",
        "float_type": "must be a number",
    }
)
"""What to write instead, by pydantic's type of error; other types say it in their own message."""
_KEYS = (*(field.alias or name for name, field in Monitor.model_fields.items()), "baseline")
_POLICIES = (PerformancePolicy, DriftPolicy, VolumePolicy, CalendarPolicy)
_KEYS_WITHIN: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "windows": tuple(WindowSpec.model_fields),
        "thresholds": tuple(Threshold.model_fields),
        "retraining": tuple(dict.fromkeys(name for policy in _POLICIES for name in policy.model_fields)),
    }
)


class _Loader(yaml.SafeLoader):
    """YAML in which dates stay text, a key stands once in its mapping, and numbers are finite."""

    yaml_implicit_resolvers = {  # noqa: RUF012  pyyaml's name and type
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  as inherited
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value} stands here a second time", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_finite(self, node: yaml.ScalarNode) -> float:
        """A number that JSON can hold."""
        number = float(self.construct_yaml_float(node))
        if not math.isfinite(number):
            raise yaml.constructor.ConstructorError(
                problem=f"{node.value} is no finite number", problem_mark=node.start_mark
            )
        return number


_Loader.add_constructor(_FLOAT, _Loader.construct_finite)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one document of a file asks for."""

    source: Path
    monitor: Monitor | None
    baseline: Baseline | None


def load(path: Path) -> list[Manifest]:
    """Every monitor and baseline in a file. Raises CommandError with the file, line and field of a mistake."""
    text = _read(path)
    if path.suffix == ".json":
        return [Manifest(path, None, load_baseline(path))]
    try:
        nodes = list(yaml.compose_all(text, Loader=_Loader))
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise CommandError(f"{where} is no usable YAML: {problem}.", "mend that line and apply it again") from error
    manifests = [
        _manifest(path, document, node)
        for document, node in zip(documents, nodes, strict=True)
        if document is not None and node is not None
    ]
    if not manifests:
        raise CommandError(f"{path} is empty.", "write at least `model: <name of your model>`")
    models = Counter(manifest.monitor.model for manifest in manifests if manifest.monitor)
    twice = [model for model, times in models.items() if times > 1]
    if twice:
        raise CommandError(f"{path} has several monitors of {', '.join(twice)}.", "keep one a model")
    return manifests


def load_baseline(path: Path) -> Baseline:
    """A baseline as `driftline baseline build` writes it. Raises CommandError."""
    return _baseline(path, _read(path))


def _baseline(path: Path, text: str) -> Baseline:
    step = "make one with `driftline baseline build DATA --model MODEL --version VERSION -o baseline.json`"
    try:
        baseline = Baseline.model_validate_json(text)
        reference = Reference(tuple(ColumnReference(**column.model_dump()) for column in baseline.columns))
        _ = Layout(reference).reference_cells  # refuses cells that do not fit the edges and categories
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the document"
        raise CommandError(f"{path} is no baseline: {field}: {first['msg']}.", step) from error
    except ValueError as error:
        raise CommandError(f"{path} is no baseline: {error}.", step) from error
    if reference.digest != baseline.digest:
        raise CommandError(f"{path} was changed since it was built: its digest does not name its columns.", step)
    return baseline


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", "check the path") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text: {error.reason}.", "save it as UTF-8") from error


def _manifest(path: Path, document: Any, node: yaml.Node) -> Manifest:
    if not isinstance(document, dict):
        raise CommandError(
            f"{path}:{node.start_mark.line + 1} holds no mapping of keys.",
            "write at least `model: <name of your model>`",
        )
    if document.get("schema") == _BASELINE_SCHEMA:
        return Manifest(path, None, _baseline(path, _json(path, document)))
    try:
        # Through JSON: the contracts are strict, and JSON has no tuples.
        monitor = Monitor.model_validate_json(
            _json(path, {key: value for key, value in document.items() if key != "baseline"})
        )
    except ValidationError as error:
        problems = "\n  ".join(_problems(error, lambda loc: f"{path}:{_line(node, loc)}"))
        raise CommandError(
            f"{path} is not a valid monitor:\n  {problems}",
            "mend these and apply it again; docs/quickstart.md has an example",
        ) from error
    named = document.get("baseline")
    where = f"{path}:{_line(node, ('baseline',))}: baseline"
    if named is not None and not isinstance(named, str):
        raise CommandError(f"{where} must be a path.", "name a baseline file")
    try:
        baseline = load_baseline(path.parent / named) if named else None
    except CommandError as error:
        step = "name a file of `driftline baseline build`; a path is relative to the monitor's file"
        raise CommandError(f"{where}: {error.what}", step) from error
    if baseline is not None and baseline.model != monitor.model:
        raise CommandError(
            f"{path} watches model {monitor.model!r}, but {named} is a baseline of {baseline.model!r}.",
            "name that model's baseline, or apply the baseline by itself with -f",
        )
    return Manifest(path, monitor, baseline)


def _json(path: Path, document: Any) -> str:
    try:
        return json.dumps(document, default=str)
    except ValueError as error:  # a list with itself in it
        raise CommandError(f"{path} cannot be used: an alias refers to itself.", "write its content out") from error


def _problems(error: ValidationError, where: Any) -> Iterator[str]:
    problems = error.errors(include_url=False)
    # A union of lists of names (a threshold's metric) reports each list: one line for all of them.
    allowed = [p["ctx"]["expected"] for p in problems if p["type"] == "literal_error"]
    told = set()
    for problem in problems:
        loc = tuple(part for part in _without_kind(problem["loc"]) if not str(part).startswith("literal["))
        if loc in told:
            continue
        told.add(loc)
        place, field = where(loc), ".".join(str(part) for part in loc) or "the document"
        hint = _WRITE.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        if problem["type"] == "extra_forbidden":
            hint = _unknown(loc)
        elif problem["type"] == "literal_error" and loc != problem["loc"]:
            hint = f"must be one of {', '.join(dict.fromkeys(allowed))}".replace(" or ", ", ")
        yield f"{place}: {field}: {hint}" if place else f"{field}: {hint}"


def _without_kind(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A place within a retraining policy has its kind in it, which is no key of the file."""
    return loc[:2] + loc[3:] if loc[:1] == ("retraining",) else loc


def _unknown(loc: Sequence[str | int]) -> str:
    known = _KEYS_WITHIN.get(str(loc[0]), ()) if len(loc) > 1 else _KEYS
    close = get_close_matches(str(loc[-1]), known, n=1)
    return f"unknown key; write {close[0]}" if close else f"unknown key; known are {', '.join(known)}"


def _line(node: yaml.Node, loc: Sequence[str | int]) -> int:
    """The line of the deepest node that `loc` leads to, counted from 1."""
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == part), None)
            if found is None:
                break
            key, value = found
            # A value on its own line starts further down; the key is where a person looks.
            node = value if isinstance(value, yaml.CollectionNode) else key
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            break
    return int(node.start_mark.line) + 1
