"""A projection that counts, started as a process of its own: `python worker.py <slot>`. Faults come by environment.

Events are JSON {"key", "source", "start", "end", "n"}; a row carries its positions, as real services' rows do.
RAISE_ON=<n>: the handler raises on an event with that n.
KILL_ON=<n>: kill -9 when its output is acknowledged and its row is about to be written.
"""

import json
import os
import signal
import sys
from asyncio import Future  # noqa: TC003  no annotations are evaluated late here
from pathlib import Path

from runtime.faust.app import KafkaSink
from runtime.faust.projection import BadRecord, Effects, Event, Projection, Rows
from runtime.faust_app import run
from runtime.log.protocol import OutRecord
from runtime.settings import KafkaSettings

SERVICE = "counting"
INDEX: dict[int, tuple[int, set[bytes]]] = {}
"""By partition: generation and keys; must always equal the keys of the rows."""


def _index(rows: Rows) -> set[bytes]:
    generation, keys = INDEX.get(rows.partition, (-1, set()))
    if generation != rows.generation:
        keys = set(rows)
        INDEX[rows.partition] = (rows.generation, keys)
    return keys


def handle(event: Event, rows: Rows) -> Effects:
    try:
        body = json.loads(event.value)
    except ValueError as error:
        raise BadRecord("MALFORMED", str(error)) from error
    if os.environ.get("RAISE_ON") == str(body["n"]):
        raise RuntimeError("the handler has a fault")
    keys = _index(rows)
    assert keys == set(rows), "the index is not that of the rows"
    key = body["key"].encode()
    row = json.loads(rows[key]) if key in rows else {"n": 0, "positions": {}, "skipped": 0}
    position = row["positions"].get(body["source"], 0)
    if body["end"] <= position:
        row["skipped"] += 1
    else:
        assert body["start"] >= position, f"torn: {body} at {position}"
        row["n"] += body["n"]
        row["positions"][body["source"]] = body["end"]
    keys.add(key)
    data = json.dumps(row | {"partition": event.partition, "last": body["n"], "slot": sys.argv[1]}).encode()
    return Effects(out=(OutRecord("windows", key, data, event.partition),), writes={key: data})


WRITE = KafkaSink.write


async def write_or_die(self: KafkaSink, partition: int, key: bytes, value: bytes | None) -> "Future[None]":
    if value is not None and json.loads(value)["last"] == int(os.environ["KILL_ON"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return await WRITE(self, partition, key, value)


if __name__ == "__main__":
    if "KILL_ON" in os.environ:
        KafkaSink.write = write_or_die  # type: ignore[method-assign]  the fault sits where no public door is
    run(
        Projection(SERVICE, "profiles", handle, Path(os.environ["DATA_DIR"]), slot=sys.argv[1]),
        KafkaSettings(),
    )
