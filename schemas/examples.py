"""Example records of every topic, for consumers' tests: whoever reads a topic must digest all of them."""

import json
from pathlib import Path

from schemas.topics import TOPICS

_FOLDER = Path(__file__).with_name("examples")


def examples(topic: str) -> list[bytes]:
    """Values of a topic as compact UTF-8 JSON, in the order of schemas/examples/<topic>.json.

    Raises KeyError for a topic the catalogue does not have.
    """
    path = _FOLDER / f"{TOPICS[topic].name}.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    return [json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() for record in records]
