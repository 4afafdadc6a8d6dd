"""What is made from the contracts is fresh, valid, and as strict as the models."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import BaseModel, ValidationError

from schemas.asyncapi import asyncapi
from schemas.examples import examples
from schemas.generate import ROOT, files, main, write
from schemas.json_schema import RECORDS, json_schema, record_name
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from schemas.profile import Profile
from schemas.topics import TOPICS

GENERATED = ROOT / "schemas/generated"
PREDICTION: dict[str, Any] = json.loads(examples("predictions")[0])
PROFILE: dict[str, Any] = json.loads(examples("profiles")[0])


def test_generated_files_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_generation_is_deterministic() -> None:
    assert files() == files()


def test_check_fails_with_a_diff_when_a_file_is_stale_missing_or_left_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, files())
    assert main(["--check"], tmp_path) == 0
    page, label, left = (
        tmp_path / "docs/topics.md",
        tmp_path / "schemas/generated/label.schema.json",
        "old.schema.json",
    )
    page.write_text(page.read_text().replace("# Topics", "# Tropics"))
    label.unlink()
    (label.parent / left).write_text("{}\n")
    assert main(["--check"], tmp_path) == 1
    said = capsys.readouterr()
    assert "-# Tropics\n+# Topics\n" in said.out
    assert "+++ b/schemas/generated/label.schema.json" in said.out
    assert left in said.out
    assert "python -m schemas.generate" in said.err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert not (label.parent / left).exists()


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_a_schema_is_json_schema_2020_12_and_complete_in_itself(record: type) -> None:
    schema = json_schema(record)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert all(ref.startswith("#/$defs/") for ref in references(schema))


def test_fields_are_described_by_the_sentences_under_them() -> None:
    fields = json_schema(Prediction)["properties"]
    assert fields["prediction_id"]["description"] == "Also the record's Kafka key, and the key its label will carry."


def test_asyncapi_is_valid_to_the_official_schema() -> None:
    official = json.loads(Path(__file__).with_name("asyncapi").joinpath("3.0.0.json").read_text())
    validator = Draft7Validator(official)
    assert [(list(error.path), error.message) for error in validator.iter_errors(asyncapi())] == []
    broken = asyncapi()
    broken["channels"]["labels"]["adress"] = broken["channels"]["labels"].pop("address")
    assert not validator.is_valid(broken), "the official schema does judge channels"


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    document = asyncapi()
    for ref in references(document):
        where, _, pointer = ref.partition("#")
        node = json.loads((GENERATED / where).read_text()) if where else document
        for part in pointer.strip("/").split("/") if pointer else ():
            node = node[part]


def test_asyncapi_says_what_the_catalogue_says() -> None:
    document = asyncapi()
    assert set(document["channels"]) == set(TOPICS)
    said = {(op["tags"][0]["name"], op["action"], op["channel"]["$ref"]) for op in document["operations"].values()}
    meant = {
        (service, action, f"#/channels/{topic.name}")
        for topic in TOPICS.values()
        for action, services in (("send", topic.producers), ("receive", topic.consumers))
        for service in services
    }
    assert said == meant


REFUSED: dict[str, tuple[object, ...]] = {
    "schema": ("driftline.prediction/2", None),
    "prediction_id": ("", "a\x00b", "x" * 257, 7),
    "model": (None, 1, "\x7f"),
    "time_ms": (1_357_034_400, "1357034400000", True, 1357034400000.5, 10**19),
    "features": ([], {"f": [1]}, {"f": {}}, {"": 1}, {"a\tb": 1}, {"x" * 257: 1}, {"f": "x" * 4_097}),
    "prediction": (None, True, ["late"], "x" * 4_097),
    "score": (1.01, -0.01, "0.5", False),
    "probabilities": ({"a": 2.0}, {"a": None}, {"a\nb": 1.0}, []),
    "latency_ms": (-1, "8"),
    "status": (99, 600, "200", 200.5),
    "segments": ({"origin": 1}, {"": "EWR"}, {"origin": None}),
    "variant": ("blue", ""),
    "entity_id": ("", 1),
    "trace_id": ("", 1),
}
ACCEPTED: dict[str, tuple[object, ...]] = {
    "prediction_id": ("x", "日" * 256),
    "time_ms": (946_684_800_000, 4_102_444_800_000),
    "features": ({}, {"f": "x" * 4_096}, {"f": -0.0}, {str(number): number for number in range(2_000)}),
    "prediction": (10**19, "", -1.5),
    "score": (0, 1, None),
    "probabilities": ({}, None, {"a": 1}),
    "latency_ms": (0, 1e300),
    "segments": ({}, {"origin": ""}),
    "field_of_a_later_version": ({"a": [1]},),
}
CASES = [
    (field, value, verdict)
    for verdict, table in ((False, REFUSED), (True, ACCEPTED))
    for field, values in table.items()
    for value in values
]


@pytest.mark.parametrize(("field", "value", "verdict"), CASES, ids=str)
def test_schema_and_model_agree_on_predictions(field: str, value: object, verdict: bool) -> None:  # noqa: FBT001  a table's column
    record = PREDICTION | {field: value}
    assert Draft202012Validator(json_schema(Prediction)).is_valid(record) is verdict
    assert accepts(Prediction, record) is verdict


def test_schema_and_model_agree_on_how_many_features_are_too_many() -> None:
    record = PREDICTION | {"features": {str(number): number for number in range(2_001)}}
    assert not Draft202012Validator(json_schema(Prediction)).is_valid(record)
    assert not accepts(Prediction, record)


@pytest.mark.parametrize("cells", ["a b", "é", "=", "YQ===", 1, None])
def test_schema_and_model_refuse_the_same_cells(cells: object) -> None:
    record = PROFILE | {"slices": [PROFILE["slices"][0] | {"cells": cells}]}
    assert not Draft202012Validator(json_schema(Profile)).is_valid(record)
    assert not accepts(Profile, record)


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"pane": "5m"}, True),
        ({"pane": 300_000}, True),
        ({"pane": "0m"}, False),
        ({"pane": 0}, False),
        ({"pane": "5 parsecs"}, False),
        ({"thresholds": [{"name": "t", "metric": "psi", "above": 0.2}]}, True),
        ({"thresholds": [{"name": "t", "metric": "psi", "above": None, "below": 1}]}, True),
        ({"thresholds": [{"name": "t", "metric": "psi"}]}, False),
        ({"thresholds": [{"name": "t", "metric": "psi", "above": 1, "below": 0}]}, False),
        ({"thresholds": [{"name": "t", "metric": "psi", "above": None}]}, False),
        ({"windows": [{"size": "1h", "slide": None}]}, True),
        ({"windows": [{"size": "1h", "step": "5m"}]}, False),
    ],
)
def test_schema_and_model_agree_on_monitors(fields: dict[str, object], verdict: bool) -> None:  # noqa: FBT001  a table's column
    record = {"model": "m", **fields}
    assert Draft202012Validator(json_schema(Monitor)).is_valid(record) is verdict
    assert accepts(Monitor, record) is verdict


def accepts(model: type[BaseModel], record: dict[str, Any]) -> bool:
    try:
        model.model_validate_json(json.dumps(record))
    except ValidationError:
        return False
    return True


def references(node: Any) -> list[str]:
    """Every `$ref` below a node."""
    if isinstance(node, list):
        return [ref for child in node for ref in references(child)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for child in node.values() for ref in references(child)]
