"""Whether a model's versions look at the same features."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from driftline.output import figure
from runtime.registry import Lineage
from stats.retraining.stability import Stability, over_versions


class Moved(BaseModel):
    """A feature's place by importance; 1 is the most important."""

    model_config = ConfigDict(frozen=True)

    feature: str
    was: float
    now: float


class Steadiness(BaseModel):
    """A version's importances against those of the version before it that has any."""

    model_config = ConfigDict(frozen=True)

    against: str
    kendall_tau: float | None
    """Null where there are too few features to order."""
    top: int
    top_overlap: float | None
    moved: tuple[Moved, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        same = "none" if self.top_overlap is None else f"{round(self.top_overlap * self.top)} of {self.top}"
        parts = [f"τ {figure(self.kendall_tau, 2)} against {self.against}, {same} of the most important the same"]
        parts += [f"{one.feature} from place {one.was:g} to {one.now:g}" for one in self.moved]
        others = {"new": self.added, "gone": self.removed}
        parts += [f"{word}: {', '.join(names)}" for word, names in others.items() if names]
        return "; ".join(parts)


def steadiness_of(lineages: Sequence[Lineage]) -> dict[str, Steadiness]:
    """By version, of versions given newest first; those without importances, and the first with any, have none."""
    known = {lineage.version: lineage.importance for lineage in reversed(lineages) if lineage.importance}
    return {stability.new: _steadiness(stability) for stability in over_versions(known)}


def with_steadiness(lineages: Sequence[Lineage]) -> list[Mapping[str, Any]]:
    """Lineages as JSON documents, each with its `stability`."""
    found = steadiness_of(lineages)
    return [
        lineage.model_dump(mode="json", by_alias=True)
        | {"stability": found[lineage.version].model_dump() if lineage.version in found else None}
        for lineage in lineages
    ]


def _steadiness(stability: Stability) -> Steadiness:
    return Steadiness(
        against=stability.old,
        kendall_tau=_known(stability.tau),
        top=stability.top,
        top_overlap=_known(stability.overlap),
        moved=tuple(Moved(feature=one.feature, was=one.old_rank, now=one.new_rank) for one in stability.movers),
        added=stability.added,
        removed=stability.removed,
    )


def _known(found: object) -> float | None:
    return found if isinstance(found, float) else None
