"""Every example is a record of its topic, to the models and to the JSON Schemas alike."""

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from schemas.base import ProducerRecord
from schemas.baseline import Baseline
from schemas.examples import examples
from schemas.json_schema import RECORDS, json_schema
from schemas.topics import TOPICS
from stats.layout import Layout
from stats.reference import ColumnReference, Reference

CASES = [(topic, value) for topic in TOPICS for value in examples(topic)]
IDS = [f"{topic}-{number}" for topic in TOPICS for number in range(len(examples(topic)))]
MODELS = {record.model_fields["schema_"].annotation.__args__[0]: record for record in RECORDS}
VALIDATORS = {name: Draft202012Validator(json_schema(model)) for name, model in MODELS.items()}


def model_of(value: bytes) -> type[BaseModel]:
    return MODELS[json.loads(value)["schema"]]


def without_nulls(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: without_nulls(child) for key, child in node.items() if child is not None}
    return [without_nulls(child) for child in node] if isinstance(node, list) else node


@pytest.mark.parametrize(("topic", "value"), CASES, ids=IDS)
def test_an_example_is_a_value_of_its_topic(topic: str, value: bytes) -> None:
    assert model_of(value) in TOPICS[topic].values
    model_of(value).model_validate_json(value)


@pytest.mark.parametrize(("topic", "value"), CASES, ids=IDS)
def test_an_example_fits_the_json_schema(topic: str, value: bytes) -> None:
    record = json.loads(value)
    assert [error.message for error in VALIDATORS[record["schema"]].iter_errors(record)] == [], topic


@pytest.mark.parametrize(("topic", "value"), CASES, ids=IDS)
def test_an_example_survives_the_round_trip(topic: str, value: bytes) -> None:
    record = model_of(value).model_validate_json(value)
    written = record.to_json()
    assert type(record).model_validate_json(written) == record, topic
    VALIDATORS[record.schema_].validate(json.loads(written))


@pytest.mark.parametrize(("topic", "value"), CASES, ids=IDS)
def test_an_absent_optional_field_is_a_null_one(topic: str, value: bytes) -> None:
    """Features are the one mapping whose nulls are data; null and absent count alike there, too."""
    model = model_of(value)
    full = json.loads(value)
    optional = {
        field.alias or name
        for name, field in model.model_fields.items()
        if not field.is_required() and field.default is None
    }
    absent = {key: child for key, child in full.items() if child is not None or key not in optional}
    null = absent | dict.fromkeys(optional - set(absent))
    assert model.model_validate_json(json.dumps(absent)) == model.model_validate_json(json.dumps(null)), topic


@pytest.mark.parametrize(("topic", "value"), CASES, ids=IDS)
def test_unknown_fields_are_ignored_from_producers_and_refused_in_our_own_records(topic: str, value: bytes) -> None:
    model, record = model_of(value), json.loads(value)
    ahead = json.dumps(record | {"field_of_a_later_version": {"a": [1]}})
    if issubclass(model, ProducerRecord):
        assert model.model_validate_json(ahead) == model.model_validate_json(value), topic
    else:
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            model.model_validate_json(ahead)
    assert VALIDATORS[record["schema"]].is_valid(json.loads(ahead)) == issubclass(model, ProducerRecord)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_varied_examples_of_each_of_its_records(topic: str) -> None:
    values = examples(topic)
    assert len(set(values)) == len(values) >= (8 if topic == "predictions" else 3)
    assert {model_of(value) for value in values} == set(TOPICS[topic].values)


def test_prediction_examples_show_every_field_and_every_kind_of_value() -> None:
    records = [json.loads(value) for value in examples("predictions")]
    fields = {field.alias or name for name, field in MODELS["driftline.prediction/1"].model_fields.items()}
    assert {name for record in records for name, child in record.items() if child is not None} >= fields
    assert {record.get("variant") for record in records} == {"stable", "canary", "shadow", None}
    assert {type(value) for record in records for value in record["features"].values()} == {
        bool, int, float, str, type(None),
    }  # fmt: skip
    assert {type(record["prediction"]) for record in records} == {int, float, str}
    assert any(not value.isascii() for value in examples("predictions"))
    assert any(set(record) - fields for record in records), "one producer runs ahead of the contract"


def test_cells_of_examples_are_whole_vectors_of_int64() -> None:
    sizes: dict[str, set[int]] = {}
    for topic in ("profiles", "outcomes"):
        for value in examples(topic):
            record = model_of(value).model_validate_json(value)
            for part in getattr(record, "slices", ()):
                cells = np.frombuffer(zlib.decompress(part.cells), "<i8")
                assert cells[0] == getattr(part, "n", cells[0])
                sizes.setdefault(f"{topic} {part.digest}", set()).add(cells.size)
    assert len(sizes) >= 3
    assert all(len(of_one_digest) == 1 for of_one_digest in sizes.values()), sizes


def test_ledger_examples_balance() -> None:
    for value in examples("ledger"):
        record = json.loads(value)
        accounted = sum(sum(record.get(part, {}).values()) for part in ("counted", "dead", "late"))
        assert accounted + record.get("duplicate", 0) == record["events"]


def test_examples_of_a_topic_nobody_knows_are_an_error() -> None:
    with pytest.raises(KeyError, match="prediction"):
        examples("prediction")


def test_cells_of_examples_are_laid_out_by_the_baseline_their_digest_names() -> None:
    """Consumers may add them up: an example folded by an older layout fails here."""
    baselines = [Baseline.model_validate_json(value) for value in examples("baselines")]
    references = [
        Reference(tuple(ColumnReference(**column.model_dump()) for column in baseline.columns))
        for baseline in baselines
    ]
    assert [reference.digest for reference in references] == [baseline.digest for baseline in baselines]
    sizes = {reference.digest: Layout(reference).size for reference in references} | {"": Layout(None).size}
    slices = [part for value in examples("profiles") for part in json.loads(value).get("slices", ())]
    assert {part["digest"] for part in slices} >= {baselines[0].digest, ""}
    for part in slices:
        cells = zlib.decompress(base64.urlsafe_b64decode(part["cells"]))
        assert len(cells) == 8 * sizes[part["digest"]]
