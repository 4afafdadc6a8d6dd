"""What serving did, and for how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from runtime.registry.facts import Stamp, Whole, found, record
from runtime.registry.tables import Deployment, DeploymentVariant
from schemas.rollout import RolloutDesired


@dataclass(frozen=True, slots=True)
class Serving:
    """One version's share of a target's traffic, from when until when."""

    target: str
    epoch: int
    generation: int
    model: str
    version: str
    digest: str
    """Of the artifact, as serving named it."""
    weight_bp: int
    """Basis points."""
    mirrored: bool
    """It saw a copy of the traffic, and its answers reached nobody."""
    approval_id: str | None
    from_ms: int
    to_ms: int | None
    """When the target's next deployment took effect; null while this one serves."""


def record_deployment(session: Session, stamp: Stamp, desired: RolloutDesired, effective_ms: int) -> bool:
    """Registers a state that serving has reached (`APPLIED`), and when; false if it was registered before.

    Every variant must be a registered version; what was made elsewhere is registered without a run.
    """
    of: dict[str, Any] = {"target": desired.target, "epoch": desired.epoch, "generation": desired.generation}
    head = Deployment(
        **of,
        command_id=desired.command_id,
        rollout_id=desired.rollout_id,
        approval_id=desired.approval_ref,
        stable_version=desired.stable_version,
        actor=desired.actor,
        from_ms=effective_ms,
        registered_ms=stamp.now_ms,
    )
    variants = [
        DeploymentVariant(
            **of,
            model=variant.model,
            version=variant.version,
            mirrored=mirrored,
            weight_bp=variant.weight_bp,
            digest=variant.digest,
        )
        for mirrored, group in ((False, desired.variants), (True, desired.mirror))
        for variant in group
    ]
    return record(session, "record_deployment", stamp, Whole(head, {DeploymentVariant: variants}))


def serving_of(session: Session, model: str) -> list[Serving]:
    """All that a model's versions ever served, in the order of targets and their generations."""
    variants = found(session, DeploymentVariant, model=model)
    return [
        Serving(
            **{
                name: getattr(variant, name)
                for name in ("target", "epoch", "generation", "model", "version", "digest", "weight_bp", "mirrored")
            },
            approval_id=deployment.approval_id,
            from_ms=deployment.from_ms,
            to_ms=to_ms,
        )
        for target in sorted({variant.target for variant in variants})
        for deployment, to_ms in _lasting(found(session, Deployment, target=target))
        for variant in variants
        if (variant.target, variant.epoch, variant.generation) == (target, deployment.epoch, deployment.generation)
    ]


def _lasting(deployments: list[Deployment]) -> Iterator[tuple[Deployment, int | None]]:
    """Each with the time its successor took effect; they come by (epoch, generation)."""
    ends = [*(later.from_ms for later in deployments[1:]), None]
    return zip(deployments, ends, strict=True)
