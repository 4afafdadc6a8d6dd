"""Every write is made once, whole, and by its natural key."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from runtime.registry import (
    Candidate,
    Conflict,
    NotRegistered,
    Registry,
    Stamp,
    advance_run,
    join_run,
    open_run,
    record_approval,
    record_deployment,
    record_gate,
    record_metrics,
    record_product,
    register_candidate,
    register_dataset,
    steps_of,
)
from runtime.registry.steps import FIRST, NEXT
from runtime.registry.tables import METADATA
from schemas.model_event import GateResult, ModelEvent
from schemas.performance_window import Figure
from tests.unit.registry.story import (
    BY_HAND,
    CALLS,
    DATA_GATE,
    HOLDOUT,
    MODEL,
    MODEL_GATE,
    NEW,
    OLD,
    REQUEST,
    RUN,
    T0,
    TRAINING,
    approval,
    calls,
    candidate,
    desired,
    live,
    rows,
)

NOW = Stamp("retraining", T0)


class Killed(BaseException):
    """What a transaction sees of kill -9: it ends without a commit."""


def test_every_call_says_that_it_wrote_and_repeated_that_it_did_not(registry: Registry) -> None:
    assert live(registry) == [True] * CALLS
    before = rows(registry, without=frozenset())
    assert live(registry, T0 + 86_400_000) == [False] * CALLS
    assert rows(registry, without=frozenset()) == before, "not even the times are those of the repetition"


def killed_in(registry: Registry, number: int) -> None:
    """Makes a call whose transaction never ends."""
    with registry.writing() as session:
        calls(registry)[number](session, NOW)
        raise Killed


def test_killed_within_any_call_and_begun_again_the_rows_are_the_same(registry: Registry, lived: Registry) -> None:
    for number in range(CALLS):
        with pytest.raises(Killed):
            killed_in(registry, number)
        assert live(registry, T0 + 86_400_000, until=number + 1) == [False] * number + [True]
    assert rows(registry) == rows(lived)
    assert registry.verify() == []


CONTRADICTIONS: dict[str, Any] = {
    "another seed": lambda s, r: register_candidate(s, NOW, candidate(r, seeds={"split": 8, "model": 11})),
    "one parameter more": lambda s, r: register_candidate(
        s, NOW, candidate(r, parameters={"depth": 6, "rate": 0.1, "loss": "log", "more": 1})
    ),
    "one parameter fewer": lambda s, r: register_candidate(s, NOW, candidate(r, parameters={"depth": 6})),
    "other bytes": lambda s, r: register_candidate(s, NOW, candidate(r, artifact=r.artifacts.put(b"other"))),
    "another package": lambda s, r: register_candidate(s, NOW, candidate(r, packages={"numpy": "2.5.0"})),
    "other rows": lambda s, _: register_dataset(s, NOW, TRAINING, 3, []),
    "other offsets": lambda s, _: register_dataset(s, NOW, HOLDOUT, 4_000, []),
    "another reason": lambda s, _: open_run(s, NOW, REQUEST.model_copy(update={"policy": "by-hand"})),
    "another figure of the gate": lambda s, _: record_gate(
        s, NOW, RUN, "model", [MODEL_GATE[0].model_copy(update={"value": 0.5})]
    ),
    "one rule fewer": lambda s, _: record_gate(s, NOW, RUN, "data", DATA_GATE[:1]),
    "another figure": lambda s, _: record_metrics(
        s, NOW, model=MODEL, version=NEW, dataset_digest=HOLDOUT, figures={"f1": Figure(value=0.9, n=8_000)}
    ),
    "other bytes under a product's name": lambda s, r: record_product(
        s, NOW, RUN, "plan", r.artifacts.put(b"another plan"), "application/json"
    ),
    "another importance": lambda s, r: register_candidate(s, NOW, candidate(r, importance={"carrier": 1.0})),
    "another run to join": lambda s, _: (
        open_run(s, NOW, REQUEST.model_copy(update={"trigger_id": "second"})),
        join_run(s, NOW, BY_HAND, "second"),
    ),
    "another weight": lambda s, _: record_approval(s, NOW, approval(max_weight_bp=10_000)),
    "other traffic": lambda s, _: record_deployment(s, NOW, desired(2, 2_000, "1b91b567"), T0 + 4 * 3_600_000),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_what_contradicts_a_registered_fact_is_refused_and_changes_nothing(lived: Registry, name: str) -> None:
    before = rows(lived, without=frozenset())
    with pytest.raises(Conflict, match="registered already"), lived.writing() as session:
        CONTRADICTIONS[name](session, lived)
    assert rows(lived, without=frozenset()) == before
    assert lived.verify() == []


def test_who_goes_on_after_a_refusal_keeps_nothing_of_what_was_refused(registry: Registry) -> None:
    """The model and the environment are written before the version, whose run nobody opened."""
    with registry.writing() as session:
        with pytest.raises(Conflict, match="refuses register candidate"):
            register_candidate(session, NOW, candidate(registry))
        assert register_dataset(session, NOW, TRAINING, 3, [])
    assert {name for name, found in rows(registry).items() if found} == {"dataset"}
    assert registry.verify() == []


def test_what_refers_to_something_unknown_is_refused_in_words(registry: Registry) -> None:
    with pytest.raises(Conflict, match="refuses record deployment") as refused, registry.writing() as session:
        record_deployment(session, NOW, desired(1, 0, None), T0)
    assert "register first what it refers to" in refused.value.next_step


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_is_no_number_is_not_written(lived: Registry, value: float) -> None:
    with pytest.raises((ValueError, Conflict)), lived.writing() as session:
        record_metrics(
            session, NOW, model=MODEL, version=NEW, dataset_digest=HOLDOUT, figures={"x": Figure(value=value, n=3)}
        )
    assert "x" not in {row["name"] for row in rows(lived)["metric"]}


def test_a_gate_without_a_rule_of_its_own_is_no_gate(lived: Registry) -> None:
    for results in ((), MODEL_GATE):
        with pytest.raises(ValueError, match="at least one rule"), lived.writing() as session:
            record_gate(session, NOW, RUN, "data", results)


def test_a_gate_has_passed_when_all_of_its_rules_have(lived: Registry) -> None:
    other = REQUEST.model_copy(update={"trigger_id": "other"})
    failed = GateResult(gate="data", rule="fresh", passed=False, value=None, bound=None, detail="no time column")
    with lived.writing() as session:
        open_run(session, NOW, other)
        record_gate(session, NOW, "other", "data", [*DATA_GATE, failed])
    verdicts = {(row["run_id"], row["gate"]): row["passed"] for row in rows(lived)["gate"]}
    assert verdicts == {(RUN, "data"): True, (RUN, "model"): True, ("other", "data"): False}


def test_the_steps_are_those_of_the_topic_and_every_one_can_be_reached() -> None:
    (literal,) = {ModelEvent.model_fields["step"].annotation}
    assert set(NEXT) == set(literal.__args__)
    assert {step for following in NEXT.values() for step in following} | {FIRST} == set(NEXT)


@pytest.mark.parametrize("step", NEXT)
def test_a_step_is_taken_only_where_the_table_says_so(lived: Registry, step: Any) -> None:
    """The run stands at approved."""
    taken = {"started", "data_gate", "trained", "model_gate", "candidate", "approved"}
    if step in taken or step in NEXT["approved"]:
        with lived.writing() as session:
            assert advance_run(session, NOW, RUN, step) is (step not in taken)
        with lived.reading() as session:
            assert steps_of(session, RUN)[-1].step == (step if step not in taken else "approved")
    else:
        with pytest.raises(Conflict, match=f"is at approved; {step} cannot follow"), lived.writing() as session:
            advance_run(session, NOW, RUN, step)


def test_a_run_nobody_opened_cannot_go_on(registry: Registry) -> None:
    with pytest.raises(NotRegistered, match="There is no run x"), registry.writing() as session:
        advance_run(session, NOW, "x", "trained")


def test_a_version_made_elsewhere_needs_no_run_and_no_bytes(registry: Registry) -> None:
    with registry.writing() as session:
        assert register_candidate(session, NOW, Candidate(model=MODEL, version=OLD, artifact=None))
    (row,) = rows(registry)["version"]
    assert (row["run_id"], row["artifact_digest"], row["environment_digest"]) == (None, None, None)


def test_the_log_tells_each_call_with_who_and_when_and_all_rows_it_wrote(lived: Registry) -> None:
    with lived.reading() as session:
        entries = session.execute(select(METADATA.tables["audit_entry"])).mappings().all()
    told = [json.loads(entry["body"]) for entry in entries]
    assert [entry["sequence"] for entry in told] == list(range(1, CALLS + 1))
    assert told[7]["event"] == "register_candidate"
    assert (told[7]["actor"], told[7]["time_ms"]) == ("retraining", T0 + 7_000)
    assert sum(len(entry["rows"]) for entry in told) == sum(len(table) for table in rows(lived).values())
