"""The topic catalogue as an AsyncAPI 3.0 document: channels, messages, and each service's operations."""

from typing import Any

from pydantic import BaseModel

from schemas.base import ProducerRecord
from schemas.json_schema import RECORDS, record_name
from schemas.topics import TOPICS, Topic

_BINDING = "0.5.0"
_FORMAT = "application/schema+json;version=draft-2020-12"
_DIRECTIONS = (("send", "producers"), ("receive", "consumers"))


def asyncapi() -> dict[str, Any]:
    """The document; payloads refer to the JSON Schemas in the same folder."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Driftline",
            "version": "1",
            "description": "Events of Driftline on Apache Kafka. Made by `python -m schemas.generate`.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {
                    "bootstrap": {
                        "description": "The value of KAFKA_BOOTSTRAP_SERVERS.",
                        "default": "127.0.0.1:9092",
                    }
                },
            }
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": dict(sorted(operation for topic in TOPICS.values() for operation in _operations(topic).items())),
        "components": {"messages": {record.__name__: _message(record) for record in RECORDS}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.doc,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _values(topic)},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": topic.cleanup.split(","),
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": _BINDING,
            }
        },
    }


def _values(topic: Topic) -> list[str]:
    return [value.__name__ for value in topic.values]


def _operations(topic: Topic) -> dict[str, dict[str, Any]]:
    return {
        f"{service}.{action}.{topic.name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _values(topic)],
            "tags": [{"name": service}],
        }
        for action, services in _DIRECTIONS
        for service in getattr(topic, services)
    }


def _message(record: type[BaseModel]) -> dict[str, Any]:
    keys = sorted({topic.key for topic in TOPICS.values() if record in topic.values})
    ours = not issubclass(record, ProducerRecord)
    return {
        "name": record.__name__,
        "title": record.__doc__,
        "contentType": "application/json",
        "description": "Unknown fields are refused." if ours else "Unknown fields are ignored.",
        "payload": {"schemaFormat": _FORMAT, "schema": {"$ref": f"./{record_name(record)}.schema.json"}},
        "bindings": {"kafka": {"key": {"type": "string", "description": ", ".join(keys)}, "bindingVersion": _BINDING}},
    }
