"""What becomes of requests and decisions in the registry."""

from typing import Any

import pytest

from runtime.registry import (
    Candidate,
    Registry,
    Stamp,
    advance_run,
    register_candidate,
    run_view,
    runs_of,
)
from schemas.approval import Approval
from services.retraining.deciding import decide
from services.retraining.intake import take
from tests.unit.retraining.conftest import T0, request

STAMP = Stamp("retraining", T0)
ARTIFACT = b"bytes of a model"


def taken(registry: Registry, *requests: Any) -> list[str]:
    found = []
    for one in requests:
        with registry.writing() as session:
            found.append(take(session, STAMP, one))
    return found


def test_a_request_opens_one_run_however_often_it_is_read(registry: Registry) -> None:
    assert taken(registry, request(), request()) == ["opened", "known"]
    with registry.reading() as session:
        (run,) = runs_of(session)
    assert (run.run_id, run.stands.step) == ("a" * 32, "started")


def test_requests_for_a_model_under_way_join_its_run_and_others_do_not(registry: Registry) -> None:
    second, other = request("b" * 32, actor="mara@example.org"), request("c" * 32, model="fraud")
    assert taken(registry, request(), second, other, second) == ["opened", "joined", "opened", "known"]
    with registry.reading() as session:
        assert [joined.trigger_id for joined in run_view(session, "a" * 32).joined] == ["b" * 32]
        assert len(runs_of(session)) == 2


def test_a_model_whose_candidate_waits_may_be_trained_again(registry: Registry) -> None:
    candidate(registry)
    assert taken(registry, request("b" * 32)) == ["opened"]


def candidate(registry: Registry) -> None:
    """A run that has brought its candidate."""
    taken(registry, request())
    blob = registry.artifacts.put(ARTIFACT)
    with registry.writing() as session:
        register_candidate(session, STAMP, Candidate("churn", "2", blob, run_id="a" * 32))
        for step in ("data_gate", "trained", "model_gate", "candidate"):
            advance_run(session, STAMP, "a" * 32, step)


def approval(registry: Registry, **changes: Any) -> Approval:
    fields: dict[str, Any] = {
        "approval_id": "d" * 32,
        "run_id": "a" * 32,
        "model": "churn",
        "version": "2",
        "artifact_digest": registry.artifacts.put(ARTIFACT).digest,
        "target": "churn",
        "decision": "approve",
        "max_weight_bp": 10_000,
        "actor": "mara@example.org",
        "requester": "triggers",
        "reason": "better in every segment",
        "time_ms": T0,
        "expires_ms": T0 + 1_000,
    }
    return Approval(**fields | changes)


def decided(registry: Registry, one: Approval) -> str | None:
    with registry.writing() as session:
        return decide(session, STAMP, one)


@pytest.mark.parametrize(("decision", "step"), [("approve", "approved"), ("reject", "rejected")])
def test_a_decision_takes_the_run_on_once(registry: Registry, decision: str, step: str) -> None:
    candidate(registry)
    one = approval(registry, decision=decision)
    assert [decided(registry, one), decided(registry, one)] == [None, None]
    with registry.reading() as session:
        view = run_view(session, "a" * 32)
    assert (view.stands.step, view.stands.detail) == (step, "mara@example.org: better in every segment")
    assert [of.approval_id for of in view.approvals] == ["d" * 32]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"actor": " Triggers "}, "asked for"),
        ({"artifact_digest": "sha256:" + "0" * 64}, "with the bytes"),
        ({"version": "3"}, "made no churn 3"),
        ({"expires_ms": T0}, "expired"),
        ({"requester": "nobody"}, "names nobody as who asked"),
        ({"run_id": "e" * 32}, "no run"),
    ],
)
def test_a_refused_decision_is_on_record_and_changes_nothing(
    registry: Registry, changes: dict[str, Any], why: str
) -> None:
    candidate(registry)
    told = decided(registry, approval(registry, **changes))
    assert told is not None
    assert why in told
    with registry.reading() as session:
        view = run_view(session, "a" * 32)
    assert view.stands.step == "candidate"
    assert not view.approvals
    assert not registry.verify()


def test_who_joined_a_run_by_hand_cannot_approve_it(registry: Registry) -> None:
    taken(registry, request(), request("b" * 32, kind="manual", actor="Mara@example.org"))
    blob = registry.artifacts.put(ARTIFACT)
    with registry.writing() as session:
        register_candidate(session, STAMP, Candidate("churn", "2", blob, run_id="a" * 32))
        for step in ("data_gate", "trained", "model_gate", "candidate"):
            advance_run(session, STAMP, "a" * 32, step)
    assert "cannot approve" in str(decided(registry, approval(registry)))
    assert decided(registry, approval(registry, actor="zoe@example.org", approval_id="f" * 32)) is None
