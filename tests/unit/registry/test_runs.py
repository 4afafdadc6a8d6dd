"""A request has one run; what a run left, and which of its steps were told, outlives a crash."""

import pytest

from runtime.registry import (
    Conflict,
    NotRegistered,
    Registry,
    Stamp,
    advance_run,
    announce,
    join_run,
    open_run,
    products_of,
    record_product,
    register_candidate,
    run_of,
    run_view,
    runs_of,
    unannounced,
    unfinished_runs,
)
from runtime.registry.registry import GRACE_MS
from runtime.registry.runs import request_of
from runtime.registry.steps import NEXT
from tests.unit.registry.story import (
    ARTIFACT,
    BY_HAND,
    COMPARISON,
    DATA_GATE,
    F1,
    MODEL,
    MODEL_GATE,
    NEW,
    REQUEST,
    RUN,
    T0,
    approval,
    candidate,
)

NOW = Stamp("retraining", T0)


def test_runs_that_can_go_on_are_found_after_a_crash(lived: Registry) -> None:
    with lived.writing() as session:
        open_run(session, NOW, REQUEST.model_copy(update={"trigger_id": "second"}))
        open_run(session, NOW, REQUEST.model_copy(update={"trigger_id": "third", "model": "other"}))
        advance_run(session, NOW, "third", "failed")
    with lived.reading() as session:
        found = [(run.run_id, step) for run, step in unfinished_runs(session)]
        assert found == [(RUN, "approved"), ("second", "started")]
        assert unfinished_runs(session, "other") == []
        assert next(request_of(run) for run, _ in unfinished_runs(session)) == REQUEST


def test_a_request_is_answered_by_its_own_run_or_the_one_it_joined_and_by_no_other(lived: Registry) -> None:
    with lived.reading() as session:
        assert [run_of(session, trigger) for trigger in (RUN, BY_HAND.trigger_id, "unheard of")] == [RUN, RUN, None]
    with pytest.raises(Conflict, match=f"has joined run {RUN} already"), lived.writing() as session:
        open_run(session, NOW, BY_HAND)
    with pytest.raises(Conflict, match="has opened a run of its own already"), lived.writing() as session:
        join_run(session, NOW, REQUEST, RUN)
    assert lived.verify() == []


@pytest.mark.parametrize("changes", [{"model": "other"}, {"trigger_id": "new", "model": "other"}])
def test_a_request_joins_no_run_of_another_model(registry: Registry, changes: dict[str, str]) -> None:
    with registry.writing() as session:
        open_run(session, NOW, REQUEST)
        with pytest.raises(Conflict, match="refuses join run"):
            join_run(session, NOW, BY_HAND.model_copy(update=changes), RUN)


def test_products_are_kept_as_long_as_their_run_and_found_by_name(lived: Registry) -> None:
    with lived.reading() as session:
        products = products_of(session, RUN)
        assert products_of(session, "unheard of") == {}
    assert products.keys() == {"plan", "comparison"}
    orphan = lived.artifacts.put(b"nobody registered this")
    collected = lived.collect_garbage(orphan.modified_ms + GRACE_MS + 1_000, dry_run=False)
    assert [blob.digest for blob in collected] == [orphan.digest]
    assert lived.artifacts.read(products["comparison"]) == COMPARISON.to_json()


def test_a_product_of_no_run_is_refused_with_its_artifact(registry: Registry) -> None:
    blob = registry.artifacts.put(b"{}")
    with pytest.raises(Conflict, match="refuses record product"), registry.writing() as session:
        record_product(session, NOW, RUN, "plan", blob, "application/json")
    collected = registry.collect_garbage(blob.modified_ms + GRACE_MS + 1_000, dry_run=True)
    assert [found.digest for found in collected] == [blob.digest]


def test_steps_that_were_not_told_are_found_in_the_order_they_were_taken(lived: Registry) -> None:
    other = REQUEST.model_copy(update={"trigger_id": "0-second"})
    with lived.writing() as session:
        open_run(session, Stamp("retraining", T0 + 6_500), other)
        advance_run(session, Stamp("retraining", T0 + 12_500), "0-second", "data_gate")
        advance_run(session, Stamp("retraining", T0 + 1), "0-second", "failed")  # the clock was set back
    with lived.reading() as session:
        told = [(step.run_id, step.step) for step, run in unannounced(session) if run.run_id == step.run_id]
    assert told == [
        (RUN, "data_gate"),
        ("0-second", "started"),
        (RUN, "trained"),
        (RUN, "model_gate"),
        ("0-second", "data_gate"),
        ("0-second", "failed"),
        (RUN, "candidate"),
        (RUN, "approved"),
    ]


def test_a_step_is_told_once_and_only_when_it_was_taken(lived: Registry) -> None:
    with lived.writing() as session:
        assert [announce(session, NOW, RUN, step) for step in ("started", "data_gate")] == [False, True]
        with pytest.raises(Conflict, match="refuses announce"):
            announce(session, NOW, RUN, "rejected")
    with lived.reading() as session:
        assert [step.step for step, _ in unannounced(session)] == ["trained", "model_gate", "candidate", "approved"]


def test_a_view_shows_all_of_a_run(lived: Registry) -> None:
    with lived.reading() as session:
        view = run_view(session, RUN)
    assert (view.model, view.version, view.artifact_digest, view.actor) == (MODEL, NEW, ARTIFACT, "triggers")
    assert (view.stands.step, view.stands.time_ms) == ("approved", T0 + 15_000)
    assert [(joined.trigger_id, joined.actor) for joined in view.joined] == [(BY_HAND.trigger_id, BY_HAND.actor)]
    assert view.gates == (*DATA_GATE, *MODEL_GATE)
    assert view.metrics == {"auc": 0.83, "f1": F1.value}
    assert view.approvals == (approval(),)
    assert [(refused.actor, refused.why) for refused in view.refusals] == [("triggers", "triggers asked for it")]
    assert type(view).model_validate_json(view.model_dump_json(by_alias=True)) == view


def test_runs_come_newest_first_and_what_has_not_come_about_is_null_or_empty(lived: Registry) -> None:
    with lived.writing() as session:
        open_run(session, Stamp("retraining", T0 + 90_000), BY_HAND.model_copy(update={"trigger_id": "2"}))
        open_run(session, NOW, BY_HAND.model_copy(update={"trigger_id": "3", "model": "other"}))
    with lived.reading() as session:
        assert [view.run_id for view in runs_of(session, MODEL)] == ["2", RUN]
        newest, _, oldest = runs_of(session)
        assert oldest.model == "other"
        with pytest.raises(NotRegistered, match="There is no run 4"):
            run_view(session, "4")
    empty = {name for name, fact in newest if fact in (None, (), {})}
    assert empty == {"version", "artifact_digest", "joined", "products", "gates", "metrics", "approvals", "refusals",
                     "window_ids"}  # fmt: skip


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_an_importance_is_a_share(lived: Registry, share: float) -> None:
    made = candidate(lived, version="next", run_id=None, importance={"carrier": share})
    with pytest.raises(Conflict, match="share"), lived.writing() as session:
        register_candidate(session, NOW, made)


def test_a_character_that_postgresql_cannot_keep_is_refused_or_shown_as_unknown(registry: Registry) -> None:
    with registry.writing() as session:
        with pytest.raises(Conflict, match="reason of run holds the character NUL"):
            open_run(session, NOW, REQUEST.model_copy(update={"reason": "a\0b"}))
        open_run(session, NOW, REQUEST)
        advance_run(session, NOW, RUN, "failed", "last words\0")
    with registry.reading() as session:
        assert run_view(session, RUN).stands.detail == "last words�"


def test_steps_are_ordered_as_they_can_be_taken() -> None:
    order = list(NEXT)
    assert all(order.index(step) < order.index(later) for step, following in NEXT.items() for later in following)
