"""What MLflow ought to say of a model: a reading of its lineage."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runtime.registry import Lineage

VERSION_TAG: Final = "driftline.version"
"""Names the version of the registry on MLflow's versions and runs, which have numbers and ids of their own."""
_COMMIT_TAG: Final = "mlflow.source.git.commit"
"""Where MLflow's own pages look for it."""

_WAITING: Final = frozenset({"candidate", "approved"})
_NOT_IN_NAMES: Final = re.compile(r"[/:'\"%\\]")
_NOT_IN_KEYS: Final = re.compile(r"[^\w. -]")
_LONGEST_KEY: Final = 250
_LONGEST_PARAMETER: Final = 6_000


@dataclass(frozen=True, slots=True)
class WantedVersion:
    """One version, in MLflow's words. Texts that are not known are left out."""

    version: str
    artifact_digest: str | None
    start_ms: int
    """When its run was opened; when it was registered, where no run made it."""
    registered_ms: int
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    """Of training, and its seeds as `seed.<name>`."""
    metrics: Mapping[str, float]
    """Of all rows of the holdout, with `<name>.low` and `<name>.high` where there is an interval."""

    @property
    def run_tags(self) -> Mapping[str, str]:
        """Tags of its run in MLflow, which are facts: the state of a version is not among them."""
        facts = {name: text for name, text in self.tags.items() if name != "driftline.state"}
        code = facts.get("driftline.code_version")
        return facts if code is None else facts | {_COMMIT_TAG: code}


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that MLflow ought to say of one model."""

    model: str
    versions: tuple[WantedVersion, ...]
    """Those registered first come first, as MLflow numbers them."""
    aliases: Mapping[str, str | None]
    """The version of each; null where there is none."""

    @property
    def name(self) -> str:
        """In MLflow, which allows fewer characters: a name that had to change ends with a digest of the true one."""
        plain = _NOT_IN_NAMES.sub("_", self.model)
        return plain if plain == self.model else f"{plain}-{hashlib.sha256(self.model.encode()).hexdigest()[:8]}"


def wanted(lineages: Sequence[Lineage]) -> Wanted:
    """From all versions of one model, at least one, those registered last first, as `lineage_of` gives them."""
    serving = champion(lineages)
    return Wanted(
        model=lineages[0].model,
        versions=tuple(_version(lineage) for lineage in reversed(lineages)),
        aliases={"champion": serving, "challenger": challenger(lineages, serving)},
    )


def champion(lineages: Sequence[Lineage]) -> str | None:
    """The version with most of the traffic, of two alike the one that served first; else the one promoted last."""
    shares = {lineage.version: sum(s.weight_bp for s in lineage.serving if not s.mirrored) for lineage in lineages}
    serving = [lineage for lineage in lineages if shares[lineage.version]]
    if serving:
        most = min(serving, key=lambda lineage: (-shares[lineage.version], min(s.from_ms for s in lineage.served)))
        return most.version
    promoted = [
        (lineage.run.stands.time_ms, lineage.version)
        for lineage in lineages
        if lineage.run is not None and _state(lineage) == "promoted"
    ]
    return max(promoted)[1] if promoted else None


def challenger(lineages: Sequence[Lineage], serving: str | None) -> str | None:
    """The newest candidate that waits for a decision or was approved, unless it serves already."""
    waiting = (lineage.version for lineage in lineages if _state(lineage) in _WAITING)
    return next((version for version in waiting if version != serving), None)


def _state(lineage: Lineage) -> str | None:
    return lineage.run.stands.step if lineage.run is not None else None


def _version(lineage: Lineage) -> WantedVersion:
    parameters = lineage.parameters | {f"seed.{name}": seed for name, seed in lineage.seeds.items()}
    return WantedVersion(
        version=lineage.version,
        artifact_digest=lineage.artifact_digest,
        start_ms=lineage.run.steps[0].time_ms if lineage.run is not None else lineage.registered_ms,
        registered_ms=lineage.registered_ms,
        tags=_tags(lineage),
        parameters={_key(name): _text(setting) for name, setting in parameters.items()},
        metrics=_metrics(lineage),
    )


def _tags(lineage: Lineage) -> dict[str, str]:
    known = {
        VERSION_TAG: lineage.version,
        "driftline.run_id": lineage.run.run_id if lineage.run is not None else None,
        "driftline.policy": lineage.run.policy if lineage.run is not None else None,
        "driftline.state": _state(lineage),
        "driftline.task": lineage.task,
        "driftline.artifact_digest": lineage.artifact_digest,
        "driftline.baseline_digest": lineage.baseline_digest,
        "driftline.environment_digest": lineage.environment_digest,
        "driftline.code_version": lineage.code_version,
    }
    known |= {f"driftline.dataset.{dataset.role}": dataset.digest for dataset in lineage.datasets}
    return {name: text for name, text in known.items() if text}


def _metrics(lineage: Lineage) -> dict[str, float]:
    figures = {
        judged.name: judged.figure
        for judged in lineage.metrics
        if judged.role == "holdout" and not judged.segment and judged.figure.value is not None
    }
    said = {
        f"{name}{suffix}": number
        for name, figure in figures.items()
        for suffix, number in (("", figure.value), (".low", figure.low), (".high", figure.high))
    }
    return {_key(name): number for name, number in said.items() if number is not None}


def _key(name: str) -> str:
    plain = _NOT_IN_KEYS.sub("_", name)[:_LONGEST_KEY]
    return plain if plain.strip(".") else "_"  # MLflow may make files of them


def _text(setting: Any) -> str:
    text = setting if isinstance(setting, str) else json.dumps(setting, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST_PARAMETER else f"{text[: _LONGEST_PARAMETER - 1]}…"
