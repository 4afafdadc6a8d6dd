"""What produced the version that serves, what it was like, and where it went."""

import pytest

from runtime.registry import (
    NotRegistered,
    Registry,
    Stamp,
    lineage_of,
    models_of,
    open_run,
    record_deployment,
    register_candidate,
    serving_of,
)
from tests.unit.registry.story import (
    ARTIFACT,
    F1,
    HOLDOUT,
    HOUR,
    MODEL,
    NEW,
    OLD,
    REQUEST,
    T0,
    TOO_FEW,
    TRAINING,
    approval,
    candidate,
    desired,
)

NOW = Stamp("rollout", T0 + 10 * HOUR)


def test_which_data_made_the_version_that_serves_a_tenth_and_what_was_its_f1_on_the_holdout(lived: Registry) -> None:
    with lived.reading() as session:
        lineages = lineage_of(session, MODEL)
    (serving,) = [one for one in lineages if any(s.weight_bp == 1_000 for s in one.serving)]
    assert serving.version == NEW
    training, holdout = sorted(serving.datasets, key=lambda dataset: dataset.role, reverse=True)
    assert (training.role, training.digest, training.rows) == ("training", TRAINING, 41_210)
    assert (training.start_ms, training.end_ms) == (T0 - 90 * HOUR, T0)
    assert [(part.topic, part.partition, part.start, part.end, part.start_ms) for part in training.ranges] == [
        ("predictions", 0, 0, 20_000, T0 - 90 * HOUR),
        ("predictions", 1, 5, 21_215, T0 - 80 * HOUR),
    ]
    figures = {(metric.name, metric.segment, metric.role): metric.figure for metric in serving.metrics}
    assert figures["f1", "", "holdout"] == F1
    assert figures["f1", "origin=JFK", "holdout"] == TOO_FEW
    assert holdout.digest == HOLDOUT


def test_a_lineage_tells_run_steps_gates_approvals_and_how_it_was_made(lived: Registry) -> None:
    with lived.reading() as session:
        (lineage,) = lineage_of(session, MODEL, NEW)
    assert lineage.run is not None
    assert (lineage.run.run_id, lineage.run.incumbent) == (REQUEST.trigger_id, OLD)
    asked = {"policy", "kind", "priority", "reason", "actor", "requested_ms", "window_ids"}
    assert lineage.run.model_dump(include=asked) == REQUEST.model_dump(include=asked)
    steps = {step.step: step.time_ms for step in lineage.run.steps}
    assert list(steps) == ["started", "data_gate", "trained", "model_gate", "candidate", "approved"]
    assert list(steps.values()) == sorted(steps.values())
    assert [(gate.gate, gate.rule, gate.passed) for gate in lineage.gates] == [
        ("data", "rows", True),
        ("data", "leakage", True),
        ("model", "f1", True),
    ]
    assert lineage.approvals == (approval(),)
    assert lineage.artifact_digest == ARTIFACT
    assert lineage.parameters == {"depth": 6, "rate": 0.1, "loss": "log"}
    assert list(lineage.importance.items()) == [("wind_speed", 0.75), ("carrier", 0.25)]
    assert lineage.seeds == {"split": 7, "model": 11}
    assert lineage.packages == {"numpy": "2.4.0", "scikit-learn": "1.7.2"}


def test_what_is_not_known_of_a_version_made_elsewhere_is_null_or_empty(lived: Registry) -> None:
    with lived.reading() as session:
        (lineage,) = lineage_of(session, MODEL, OLD)
    known = {name for name, fact in lineage if fact not in (None, (), {})}
    assert known == {"model", "version", "registered_ms", "served"}


def test_a_deployment_lasts_until_the_next_of_its_target_took_effect(lived: Registry) -> None:
    with lived.reading() as session:
        served = serving_of(session, MODEL)
    assert [(s.version, s.generation, s.weight_bp, s.from_ms, s.to_ms) for s in served] == [
        (OLD, 1, 10_000, T0 - 100 * HOUR, T0 + 4 * HOUR),
        (OLD, 2, 9_000, T0 + 4 * HOUR, None),
        (NEW, 2, 1_000, T0 + 4 * HOUR, None),
    ]


def test_a_deployment_told_late_finds_its_place(lived: Registry) -> None:
    """Generation 4 is registered before 3: times follow the generations, whatever came first."""
    with lived.writing() as session:
        record_deployment(session, NOW, desired(4, 0, None), T0 + 9 * HOUR)
        record_deployment(session, NOW, desired(3, 500, "1b91b567"), T0 + 8 * HOUR)
    with lived.reading() as session:
        new = [(s.generation, s.weight_bp, s.to_ms) for s in serving_of(session, MODEL) if s.version == NEW]
        (lineage,) = lineage_of(session, MODEL, NEW)
    assert new == [(2, 1_000, T0 + 8 * HOUR), (3, 500, T0 + 9 * HOUR)]
    assert lineage.serving == ()
    assert len(lineage.served) == 2


def test_another_target_ends_nothing(lived: Registry) -> None:
    elsewhere = desired(3, 0, None).model_copy(update={"target": "flights-eu", "mirror": desired(3, 7, None).variants})
    with lived.writing() as session:
        record_deployment(session, NOW, elsewhere, T0 + 9 * HOUR)
    with lived.reading() as session:
        (lineage,) = lineage_of(session, MODEL, NEW)
    assert {(s.target, s.mirrored) for s in lineage.serving} == {("flights", False), ("flights-eu", True)}


def test_versions_come_newest_first_and_only_those_of_the_model(lived: Registry) -> None:
    with lived.writing() as session:
        register_candidate(session, NOW, candidate(lived, model="other", version=OLD, run_id=None))
    with lived.reading() as session:
        assert [lineage.version for lineage in lineage_of(session, MODEL)] == [NEW, OLD]
        assert models_of(session, OLD) == [MODEL, "other"]
        assert models_of(session, "none") == []


def test_what_is_not_registered_is_told_with_the_next_step(registry: Registry, lived: Registry) -> None:
    def told(of: Registry, model: str, version: str | None = None) -> str:
        with pytest.raises(NotRegistered) as missing, of.reading() as session:
            lineage_of(session, model, version)
        return str(missing.value)

    assert "holds no model yet" in told(registry, MODEL)
    assert "retraining policy" in told(registry, MODEL)
    assert f"knows no model other.\nNext step: name one of {MODEL}." in told(lived, "other")
    assert f"has no version 7.\nNext step: name one of {OLD}, {NEW}." in told(lived, MODEL, "7")
    with registry.writing() as session:
        open_run(session, NOW, REQUEST)
    assert "wait until a run reaches its candidate" in told(registry, MODEL)
