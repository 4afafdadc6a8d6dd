"""A decision is taken only on a candidate, on its bytes, in time, and not by who asked for it."""

from typing import Any

import pytest

from runtime.registry import (
    Conflict,
    Registry,
    Stamp,
    advance_run,
    objection,
    open_run,
    record_approval,
    record_refusal,
    requesters_of,
    run_view,
)
from schemas.approval import approval_id_of, person
from tests.unit.registry.story import BY_HAND, HOLDOUT, HOUR, MODEL, NEW, REQUEST, RUN, T0, approval, rows

NOW = Stamp("retraining", T0 + 3 * HOUR)
MARA = "mara@example.org"


OBJECTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no such run": ({"run_id": "r2"}, "There is no run r2"),
    "other bytes": ({"artifact_digest": HOLDOUT}, "made no flights-delay 2013-03-04-rc1 with the bytes"),
    "another version": ({"version": "v9"}, "made no flights-delay v9"),
    "expired": ({"expires_ms": NOW.now_ms}, "has expired"),
    "who asked is another": ({"requester": "somebody"}, "names somebody as who asked .* it was triggers"),
    "who asked": ({"actor": "triggers"}, "triggers asked for .* and cannot approve it"),
    "who asked too": ({"actor": "Zoë@example.org"}, "Zoë@example.org asked for"),
    "in other letters": ({"actor": "  ZOE\u0308@EXAMPLE.ORG "}, "asked for .* and cannot approve it"),
    "with letters not seen": ({"actor": "zoë\u200b@example.org"}, "asked for .* and cannot approve it"),
    "in wide letters": ({"actor": "ｔriggers"}, "asked for .* and cannot approve it"),
}


@pytest.mark.parametrize("name", OBJECTIONS)
def test_a_decision_is_refused_in_words_and_changes_nothing(waiting: Registry, name: str) -> None:
    changes, why = OBJECTIONS[name]
    before = rows(waiting)
    with pytest.raises(Conflict, match=why) as refused, waiting.writing() as session:
        record_approval(session, NOW, approval(approval_id="a1", **changes))
    assert refused.value.next_step
    assert rows(waiting) == before
    with waiting.reading() as session:
        assert str(objection(session, approval(**changes), NOW.now_ms)) == str(refused.value)


def test_a_decision_without_objection_is_taken_once(waiting: Registry) -> None:
    with waiting.writing() as session:
        assert objection(session, approval(), NOW.now_ms) is None
        assert record_approval(session, NOW, approval())
        advance_run(session, NOW, RUN, "approved")
    late = Stamp("retraining", T0 + 900 * HOUR)
    with waiting.writing() as session:
        advance_run(session, late, RUN, "promoted")
        assert not record_approval(session, late, approval()), "known, whatever has come since"


@pytest.mark.parametrize("actor", ["triggers", "Zoë@example.org"])
def test_who_asked_may_reject(waiting: Registry, actor: str) -> None:
    with waiting.writing() as session:
        assert record_approval(session, NOW, approval(approval_id="a2", actor=actor, decision="reject"))


@pytest.mark.parametrize("steps", [(), ("rejected",), ("retired",), ("failed",), ("approved", "promoted")])
def test_only_a_candidate_that_waits_can_be_decided_on(waiting: Registry, steps: tuple[Any, ...]) -> None:
    with waiting.writing() as session:
        for step in steps:
            advance_run(session, NOW, RUN, step)
        refused = objection(session, approval(), NOW.now_ms)
    assert (refused is None) is (steps == ())
    assert refused is None or f"its run stands at {steps[-1]}" in refused.what


def test_a_run_before_its_candidate_cannot_be_decided_on(waiting: Registry) -> None:
    with waiting.writing() as session:
        open_run(session, NOW, REQUEST.model_copy(update={"trigger_id": "second"}))
        refused = objection(session, approval(run_id="second"), NOW.now_ms)
    assert refused is not None
    assert "Run second made no" in refused.what


def test_a_refusal_is_a_fact_that_changes_nothing_else(waiting: Registry) -> None:
    bad = approval(run_id="unheard of", actor="somebody")
    with waiting.writing() as session:
        assert record_refusal(session, NOW, bad, "There is no run unheard of")
        assert not record_refusal(session, NOW, bad, "in other words")
        assert record_refusal(session, NOW, approval(time_ms=T0 + 4 * HOUR), "said again later")
        assert record_refusal(session, NOW, bad.model_copy(update={"actor": "another"}), "under the same id")
    with waiting.reading() as session:
        (refused,) = run_view(session, RUN).refusals
    assert (refused.why, refused.time_ms, refused.actor) == ("said again later", T0 + 4 * HOUR, MARA)
    assert rows(waiting)["approval"] == []
    assert waiting.verify() == []


def test_those_who_asked_come_with_the_first_first(waiting: Registry) -> None:
    with waiting.reading() as session:
        assert requesters_of(session, RUN) == ["triggers", BY_HAND.actor]
        assert requesters_of(session, "unheard of") == []


def test_a_decision_said_twice_has_one_id_and_another_has_another() -> None:
    first = approval_id_of(RUN, "Mara@example.org", "approve", HOLDOUT, "flights", "1000")
    assert first == approval_id_of(RUN, " mara@EXAMPLE.org", "approve", HOLDOUT, "flights", "1000")
    others = {
        approval_id_of(RUN, MARA, "reject", HOLDOUT, "flights", "1000"),
        approval_id_of(RUN, MARA, "approve", HOLDOUT, "flights", "10000"),
        approval_id_of(MODEL, MARA, "approve", HOLDOUT, "flights", "1000"),
        approval_id_of(RUN, NEW, "approve", HOLDOUT, "flights", "1000"),
    }
    assert len(others | {first}) == 5


def test_different_people_stay_different() -> None:
    assert len({person(name) for name in ("mara", "maria", "mara@example.org", "Zoe", "Zoë")}) == 5
    assert person("Straße") == person("STRASSE")
