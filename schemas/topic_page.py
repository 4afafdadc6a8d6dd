"""The topic catalogue as a page for people: a table and the service graph, in Markdown."""

from collections.abc import Iterator

from schemas.json_schema import record_name
from schemas.topics import DAY_MS, TOPICS, Topic

_INTRODUCTION = """\
# Topics

Made from `schemas/topics.py` by `python -m schemas.generate`; do not edit. JSON Schemas and the AsyncAPI
document are in [schemas/generated](../schemas/generated/), examples in
[schemas/examples](../schemas/examples/).
"""
_KEEPING = {
    "delete": "{days} days",
    "compact": "newest of each key",
    "compact,delete": "newest of each key, {days} days",
}


def topic_page() -> str:
    """The whole page."""
    return "\n".join((_INTRODUCTION, *_table(), "", "## Who writes, who reads", "", *_graph(), ""))


def _table() -> Iterator[str]:
    yield "| topic | what | key | values | partitions | kept | largest record |"
    yield "| --- | --- | --- | --- | ---: | --- | ---: |"
    for topic in TOPICS.values():
        days = topic.retention_ms // DAY_MS
        history = f", older ones for {topic.history_ms // DAY_MS} days" if topic.history_ms else ""
        cells = (
            f"`{topic.name}`",
            topic.doc,
            topic.key,
            ", ".join(_schema_link(name) for name in map(record_name, topic.values)),
            str(topic.partitions),
            _KEEPING[topic.cleanup].format(days=days) + history,
            f"{topic.max_message_bytes // 2**20} MiB",
        )
        yield f"| {' | '.join(cells)} |"


def _schema_link(name: str) -> str:
    return f"[{name}](../schemas/generated/{name}.schema.json)"


def _graph() -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    services = {service for topic in TOPICS.values() for service in (*topic.producers, *topic.consumers)}
    yield from (f'  {_node("s", service)}["{service}"]' for service in sorted(services))
    yield from (f'  {_node("t", topic.name)}(["{topic.name}"])' for topic in TOPICS.values())
    for topic in TOPICS.values():
        yield from _arrows(topic)
    yield "```"


def _arrows(topic: Topic) -> Iterator[str]:
    here = _node("t", topic.name)
    yield from (f"  {_node('s', service)} --> {here}" for service in topic.producers)
    yield from (f"  {here} --> {_node('s', service)}" for service in topic.consumers)


def _node(kind: str, name: str) -> str:
    """An identifier Mermaid takes."""
    return f"{kind}_{name.replace('.', '_').replace('-', '_')}"
