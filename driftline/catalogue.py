"""The topic catalogue, and what a running Kafka holds of it."""

from pathlib import Path
from typing import Any

from rich.table import Table

from driftline import connection
from driftline.errors import CommandError, ExitCode
from driftline.output import count, span, table
from runtime.admin import end_offsets, start_offsets
from schemas.topics import TOPICS


def topics(data_dir: Path) -> list[dict[str, Any]]:
    """Every topic, with `offsets` by partition ([first, end]) where a Kafka runs, else null.

    Raises CommandError or OperatorError when a Kafka is named, but does not answer.
    """
    first, end = _offsets(data_dir)
    return [
        {
            "topic": topic.name,
            "key": topic.key,
            "values": [model.__name__ for model in topic.values],
            "partitions": topic.partitions,
            "cleanup": topic.cleanup,
            "retention_ms": topic.retention_ms,
            "producers": list(topic.producers),
            "consumers": list(topic.consumers),
            "doc": topic.doc,
            "offsets": {str(p): [first[topic.name][p], e] for p, e in sorted(end[topic.name].items())} if end else None,
        }
        for topic in TOPICS.values()
    ]


def topics_table(found: list[dict[str, Any]]) -> Table:
    """The catalogue for people. Offsets count transaction markers too, so `held` is an upper bound of records."""
    return table(
        None,
        ("topic", "key", ">partitions", "cleanup", ">kept", ">held", "written by", "read by"),
        (
            (
                topic["topic"],
                topic["key"],
                str(topic["partitions"]),
                topic["cleanup"],
                span(topic["retention_ms"] / 1_000) if "delete" in topic["cleanup"] else "newest",
                count(
                    sum(end - first for first, end in topic["offsets"].values())
                    if topic["offsets"] is not None
                    else None
                ),
                ", ".join(topic["producers"]),
                ", ".join(topic["consumers"]),
            )
            for topic in found
        ),
    )


def _offsets(data_dir: Path) -> tuple[dict[str, dict[int, int]], dict[str, dict[int, int]]]:
    try:
        settings = connection.find(data_dir).settings
    except CommandError as error:
        if error.exit_code == ExitCode.KAFKA:  # none is named: the catalogue alone is the answer
            return {}, {}
        raise
    return start_offsets(settings, TOPICS), end_offsets(settings, TOPICS)
