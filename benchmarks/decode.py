"""Decoding of JSON prediction events to columns, against other ways, in one run.

    python benchmarks/decode.py [--events 20000] [--rounds 7] [--quick]

Prints thousand events a second of CPU time (best and median round) and the ratio to this decoder; writes JSON to
benchmarks/results/decode.json. msgspec and orjson (dependency group `bench`) take part if they are installed.
"""

import argparse
import gc
import importlib
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from runtime.decode.arrow import arrow_schema, encode_table
from runtime.decode.decoder import Decoder
from runtime.decode.shape import Coded, Shape
from runtime.decode.warm import warm
from runtime.log.memory_broker import MemoryMessage

NUMERIC = [f"num_{i}" for i in range(20)]
CODED = [f"cat_{i}" for i in range(5)]
CATEGORIES = {f"c{i}": i for i in range(10)}
NOW_MS = 1_700_000_000_000
ARROW_ROWS = 1_000
SHAPE = Shape(
    tuple(NUMERIC), tuple(Coded(name, CATEGORIES, 10, 11) for name in CODED), prediction="numeric", score=True
)


def make_events(n: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    names = list(CATEGORIES)
    return [
        {
            "schema": "driftline.prediction/1",
            "prediction_id": random.bytes(16).hex(),
            "model": "m",
            "version": "1",
            "time_ms": NOW_MS + i,
            "features": {name: float(random.normal()) for name in NUMERIC}
            | {name: names[random.integers(10)] for name in CODED},
            "prediction": 1,
            "score": float(random.random()),
            "latency_ms": float(random.lognormal()),
            "status": 200,
        }
        for i in range(n)
    ]


def columns(rows: Sequence[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """What the other ways must also do: objects to columns."""
    features = [row["features"] for row in rows]
    values = np.fromiter((f[name] for f in features for name in NUMERIC), float, len(rows) * 20).reshape(-1, 20).T
    codes = np.array([[CATEGORIES.get(f[name], 10) for f in features] for name in CODED], np.int32)
    np.fromiter((row["time_ms"] for row in rows), np.int64, len(rows))
    np.array([[row["score"], row["latency_ms"], row["prediction"]] for row in rows])
    return values, codes


def with_msgspec(messages: Sequence[Any]) -> Callable[[], Any] | None:
    try:
        msgspec = importlib.import_module("msgspec")
    except ImportError:
        return None
    feature_fields = [(name, float | None, None) for name in NUMERIC] + [(name, str | None, None) for name in CODED]
    features = msgspec.defstruct("Features", feature_fields, gc=False)
    texts = [(name, str) for name in ("schema", "prediction_id", "model", "version")]
    rest = [("time_ms", int), ("features", features), ("prediction", float | str)]
    optional = [("score", float | None, None), ("latency_ms", float | None, None), ("status", int | None, None)]
    decoder = msgspec.json.Decoder(msgspec.defstruct("Event", texts + rest + optional, gc=False))

    def run() -> None:
        events = [decoder.decode(message.value()) for message in messages]
        structs = [event.features for event in events]
        flat = (value for struct in structs for value in msgspec.structs.astuple(struct)[:20])
        np.fromiter(flat, float, len(structs) * 20).reshape(-1, 20).T.copy()
        np.array([[CATEGORIES.get(getattr(struct, name), 10) for struct in structs] for name in CODED], np.int32)
        np.fromiter((event.time_ms for event in events), np.int64, len(events))
        np.array([[event.score, event.latency_ms, event.prediction] for event in events])

    return run


def with_loads(messages: Sequence[Any], module: str) -> Callable[[], Any] | None:
    try:
        loads = importlib.import_module(module).loads
    except ImportError:
        return None
    return lambda: columns([loads(message.value()) for message in messages])


def streams(events: Sequence[dict[str, Any]]) -> list[MemoryMessage]:
    kinds = dict.fromkeys(NUMERIC, pa.float64()) | dict.fromkeys(CODED, pa.dictionary(pa.int32(), pa.string()))
    absent = ("variant", "entity_id", "trace_id")
    table = pa.Table.from_pylist(list(events), arrow_schema(kinds, pa.float64(), absent=absent))
    parts = (table.slice(start, ARROW_ROWS) for start in range(0, len(table), ARROW_ROWS))
    return [MemoryMessage(encode_table(part), key=b"batch", timestamp_ms=NOW_MS) for part in parts]


def measure(ways: dict[str, Callable[[], Any]], n: int, rounds: int) -> dict[str, dict[str, float]]:
    """Interleaved rounds in CPU time, so that a busy machine harms all alike; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    gc.freeze()
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            seconds[name].append(time.process_time() - start)
    own = min(seconds["driftline"][1:])
    return {
        name: {
            "best_events_per_s": n / min(each[1:]),
            "median_events_per_s": n / statistics.median(each[1:]),
            "ratio_to_driftline": own / min(each[1:]),
        }
        for name, each in seconds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two rounds of 5,000 events")
    options = parser.parse_args()
    if options.quick:
        options.events, options.rounds = 5_000, 2
    warm()
    events = make_events(options.events)
    values = [json.dumps(event, separators=(",", ":")).encode() for event in events]
    keys = [event["prediction_id"].encode() for event in events]
    messages = [MemoryMessage(value, key=key, timestamp_ms=NOW_MS) for value, key in zip(values, keys, strict=True)]
    decoder = Decoder(lambda _model, _version: SHAPE)
    strict = Decoder(lambda _model, _version: SHAPE, compiled=False)
    unknown = Decoder(lambda _model, _version: None)
    arrow = streams(events)
    for decoded in (decoder.decode(messages, NOW_MS), decoder.decode(arrow, NOW_MS)):
        assert decoded.events == sum(map(len, decoded.groups)) == options.events
    candidates: dict[str, Callable[[], Any] | None] = {
        "driftline": lambda: decoder.decode(messages, NOW_MS),
        "msgspec typed": with_msgspec(messages),
        "orjson": with_loads(messages, "orjson"),
        "json": with_loads(messages, "json"),
        "driftline, strict path only": lambda: strict.decode(messages, NOW_MS),
        "driftline, no baseline": lambda: unknown.decode(messages, NOW_MS),
        "driftline, Arrow of 1,000 rows": lambda: decoder.decode(arrow, NOW_MS),
    }
    found = measure({name: way for name, way in candidates.items() if way}, options.events, options.rounds)
    print(f"{np.mean([len(value) for value in values]):.0f} bytes an event, batches of {options.events:,}")
    print(f"{'':32}{'best k/s':>10}{'median k/s':>12}{'ratio':>8}")
    for name, result in found.items():
        best, median = result["best_events_per_s"] / 1e3, result["median_events_per_s"] / 1e3
        print(f"{name:32}{best:10.0f}{median:12.0f}{result['ratio_to_driftline']:8.2f}")
    for name in candidates.keys() - found.keys():
        print(f"{name}: not installed")
    target = Path(__file__).parent / "results" / "decode.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
