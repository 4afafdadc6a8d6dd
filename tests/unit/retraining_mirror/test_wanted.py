"""Who is champion and who is challenger, from all that may be known of traffic and runs."""

from typing import Any

import pytest

from runtime.registry import Lineage, Serving
from runtime.registry.run_view import RunView, Taken
from services.retraining.mirroring.wanted import challenger, champion, wanted

UNKNOWN: dict[str, Any] = dict.fromkeys(
    ["artifact_digest", "baseline_digest", "task", "code_version", "environment_digest"]
)
EMPTY: dict[str, Any] = {"parameters": {}, "seeds": {}, "datasets": (), "metrics": ()}


def version(number: int, state: str | None = None, *, bp: tuple[int, ...] = (), mirrored: bool = False) -> Lineage:
    """Registered, in its state and serving since, at its number; it serves so many basis points of each target."""
    steps = (
        Taken.model_construct(step="started", time_ms=0, detail=""),
        Taken.model_construct(step=state, time_ms=number, detail=""),
    )
    run = RunView.model_construct(run_id=f"r{number}", policy="p", steps=steps) if state else None
    served = tuple(
        Serving(
            target=f"t{target}",
            epoch=1,
            generation=number,
            model="m",
            version=str(number),
            digest="",
            weight_bp=weight,
            mirrored=mirrored,
            approval_id=None,
            from_ms=number,
            to_ms=None,
        )
        for target, weight in enumerate(bp)
    )
    of = {"model": "m", "version": str(number), "registered_ms": number}
    return Lineage.model_construct(**UNKNOWN, **EMPTY, **of, run=run, served=served)


@pytest.mark.parametrize(
    ("lineages", "expected"),
    [
        ((version(1),), None),
        ((version(1, bp=(10_000,)),), "1"),
        ((version(2, "approved", bp=(1_000,)), version(1, bp=(9_000,))), "1"),
        ((version(2, "approved", bp=(6_000,)), version(1, bp=(4_000,))), "2"),
        ((version(2, "approved", bp=(5_000,)), version(1, bp=(5_000,))), "1"),
        ((version(2, "approved", bp=(10_000, 1_000)), version(1, bp=(0, 9_000))), "2"),
        ((version(2, "approved", bp=(10_000,), mirrored=True), version(1, bp=(100,))), "1"),
        ((version(3, "promoted"), version(2, "promoted", bp=(10_000,))), "2"),
        ((version(3, "promoted"), version(2, "promoted"), version(1)), "3"),
        ((version(3, "candidate"), version(2, "promoted"), version(1, "retired")), "2"),
        ((version(2, "retired"), version(1)), None),
    ],
    ids=[
        "nothing is known",
        "one serves",
        "a canary",
        "a canary with most",
        "halves: the elder",
        "most over all targets",
        "a mirror is no traffic",
        "traffic before steps",
        "promoted last",
        "only what was promoted",
        "retired since",
    ],
)
def test_the_champion_serves_or_was_promoted_last(lineages: tuple[Lineage, ...], expected: str | None) -> None:
    assert champion(lineages) == expected


@pytest.mark.parametrize("state", ["candidate", "approved"])
def test_the_challenger_is_the_newest_that_waits_or_is_approved_and_does_not_serve(state: str) -> None:
    lineages = (version(4, "rejected"), version(3, state), version(2, "candidate"), version(1, "promoted"))
    assert challenger(lineages, "1") == "3"
    assert challenger(lineages, "3") == "2"


@pytest.mark.parametrize("state", ["started", "trained", "model_gate", "rejected", "promoted", "retired", "failed"])
def test_a_version_in_any_other_state_challenges_nobody(state: str) -> None:
    assert challenger((version(1, state), version(0)), None) is None


def test_versions_are_told_in_the_order_they_were_registered() -> None:
    said = wanted((version(3), version(2, "candidate"), version(1)))
    assert [one.version for one in said.versions] == ["1", "2", "3"]
    assert said.versions[1].tags["driftline.state"] == "candidate"
    assert "driftline.state" not in said.versions[1].run_tags
