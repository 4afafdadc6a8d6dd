"""JSON Schema 2020-12 of the record types, as strict as the models wherever JSON Schema can say it.

What it cannot say stays with the models: 1.0 is no integer, probabilities sum to 1, a slide divides its
window.
"""

import ast
import inspect
import re
import textwrap
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.topics import TOPICS
from schemas.windowing import duration_ms

DIALECT = "https://json-schema.org/draft/2020-12/schema"

RECORDS: tuple[type[BaseModel], ...] = tuple(
    dict.fromkeys(value for topic in TOPICS.values() for value in topic.values)
)


def _one_of(*bounds: str) -> JsonSchemaValue:
    """Exactly one of the fields is given."""
    return {"oneOf": [{"required": [bound], "properties": {bound: {"type": "number"}}} for bound in bounds]}


_RULES_BETWEEN_FIELDS: dict[str, JsonSchemaValue] = {
    "Threshold": _one_of("above", "below"),
    "PerformanceThreshold": _one_of("above", "below", "drop"),
    "PerformancePolicy": _one_of("above", "below", "drop"),
}
_DURATION: JsonSchemaValue = {
    "anyOf": [
        {"type": "integer", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^\s*0*[1-9][0-9]*\s*(ms|s|m|h|d|w)\s*$"},
    ]
}
_BASE64 = "^(A{4})*(A{2}(==)?|A{3}=?)?$".replace("A", "[A-Za-z0-9_+/-]")
_NOISE = {"title": str, "gt": int}  # titles repeat names; `gt` is pydantic's word, said in _DURATION


class _Strict(GenerateJsonSchema):
    """Says what pydantic's own generator leaves open: keys of mappings, base64 and durations as text."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        result = super().dict_schema(schema)
        patterns = result.pop("patternProperties", None)
        if patterns:  # left alone, keys that do not match would be accepted with any value
            ((pattern, values),) = patterns.items()
            result["propertyNames"] = result.get("propertyNames", {}) | {"pattern": pattern}
            result["additionalProperties"] = values
        return result

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        result = super().bytes_schema(schema)
        del result["format"]
        return result | {"contentEncoding": "base64", "pattern": _BASE64}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        result = super().function_before_schema(schema)
        return _DURATION if schema["function"]["function"] is duration_ms else result


def record_name(record: type[BaseModel]) -> str:
    """The record's wire name without prefix and version: `driftline.dead-letter/1` gives dead-letter."""
    return _wire_name(record)[0]


def json_schema(record: type[BaseModel]) -> dict[str, Any]:
    """The record's JSON Schema, complete in itself. Titles that only repeat a name are left out."""
    schema = record.model_json_schema(schema_generator=_Strict)
    definitions = schema.get("$defs", {})
    for model in _models_of(record):
        target = definitions.get(model.__name__, schema if model is record else None)
        if target is not None:
            _describe(model, target)
            target |= _RULES_BETWEEN_FIELDS.get(model.__name__, {})
    name, major = _wire_name(record)
    identity = {"$schema": DIALECT, "$id": f"urn:driftline:schema:{name}:{major}", "title": record.__name__}
    quiet: dict[str, Any] = _quiet(schema)
    return identity | quiet


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The sentences under a model's fields, its base classes' included, by the fields' JSON names."""
    docs: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            docs |= _sentences(cls)
    fields = model.model_fields
    return {fields[name].alias or name: text for name, text in docs.items() if name in fields}


def _wire_name(record: type[BaseModel]) -> tuple[str, str]:
    (literal,) = record.model_fields["schema_"].annotation.__args__  # type: ignore[union-attr]  # a Literal of one
    match = re.fullmatch(r"driftline\.([a-z-]+)/(\d+)", literal)
    if match is None:
        raise ValueError(f"{record.__name__} names its schema {literal!r}: write driftline.<name>/<major>")
    return match[1], match[2]


def _models_of(record: type[BaseModel]) -> list[type[BaseModel]]:
    """The record and every model its fields reach."""
    found: list[type[BaseModel]] = []
    waiting: list[Any] = [record]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in found:
            found.append(kind)
            waiting += [field.annotation for field in kind.model_fields.values()]
        waiting += [part for part in getattr(kind, "__args__", ()) if not isinstance(part, str)]
    return found


def _sentences(cls: type[BaseModel]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(f"{cls.__name__} is no class in its source")
    docs: dict[str, str] = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = inspect.cleandoc(text)
            case _:
                continue
    return docs


def _describe(model: type[BaseModel], schema: JsonSchemaValue) -> None:
    for name, text in field_docs(model).items():
        schema["properties"][name]["description"] = text


def _quiet(node: Any) -> Any:
    """The schema without noise; a property called title is a schema, not a text, and stays."""
    if isinstance(node, list):
        return [_quiet(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {key: _quiet(child) for key, child in node.items() if not isinstance(child, _NOISE.get(key, ()))}
