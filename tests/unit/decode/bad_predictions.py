"""Payloads that must not be counted, each with the reason code of its dead letter. Plain data, no test."""

import json
from typing import NamedTuple

from schemas.dead_letter import Reason
from tests.unit.decode.events import NOW_MS, encoded, event, features


class Bad(NamedTuple):
    name: str
    reason: Reason
    value: bytes | None
    key: bytes | None = b"p-1"


GOOD = encoded(event())


def _raw(old: str, new: str) -> bytes:
    """The good payload with a piece of its text replaced, for what json.dumps would not write."""
    assert old.encode() in GOOD
    return GOOD.replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1)


def _nested(depth: int) -> bytes:
    return _raw('"churn"', '"churn","extra":' + "[" * depth + "]" * depth)


_MALFORMED = {
    "tombstone": None,
    "empty": b"",
    "blank": b"  \n",
    "truncated in a key": GOOD[:20],
    "truncated before the last brace": GOOD[:-1],
    "truncated in a number": GOOD[: GOOD.index(b"41.5") + 2],
    "trailing bytes": GOOD + b"x",
    "a second object": GOOD + GOOD,
    "not UTF-8": GOOD.replace(b"basic", b"bas\xffic"),
    "overlong UTF-8": GOOD.replace(b"basic", b"bas\xc0\xafic"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "raw surrogate": _raw("basic", "\ud800"),
    "lone surrogate escape": _raw('"basic"', '"\\ud83d"'),
    "lone surrogate in an unknown field": _raw('"churn"', '"churn","x":"\\udc00"'),
    "raw control character": _raw("basic", "ba\tsic"),
    "invalid escape": _raw("basic", "ba\\xsic"),
    "duplicate top-level key": _raw('"model":"churn"', '"model":"churn","model":"churn"'),
    "duplicate feature": _raw('"age":41.5', '"age":41.5,"age":41.5'),
    "duplicate key behind an escape": _raw('"age":41.5', '"age":41.5,"\\u0061ge":1'),
    "duplicate key among colons in a text": _raw('"age":41.5', '"age" :41.5,"age" :41.5,"note":"\\":\\":"'),
    "duplicate segment": _raw('"region":"eu"', '"region":"eu","region":"us"'),
    "duplicate key in an unknown field": _raw('"churn"', '"churn","x":{"a":1,"a":2}'),
    "33 levels": _nested(32),
    "100,000 levels": _nested(100_000),
    "NaN": _raw("41.5", "NaN"),
    "Infinity": _raw("41.5", "Infinity"),
    "minus Infinity": _raw("41.5", "-Infinity"),
    "integer of 21 digits": _raw("52000", "1" * 21),
    "integer of 21 digits in an unknown field": _raw('"churn"', f'"churn","x":{"1" * 21}'),
    "leading zero": _raw("52000", "052000"),
    "no digits after the point": _raw("41.5", "41."),
    "no digits before the point": _raw("41.5", ".5"),
    "plus sign": _raw("41.5", "+41.5"),
    "no exponent": _raw("41.5", "41.5e"),
    "hexadecimal": _raw("41.5", "0x29"),
    "trailing comma": _raw('"active":true}', '"active":true,}'),
    "single quotes": GOOD.replace(b'"', b"'"),
    "comment": _raw("41.5", "41.5/*years*/"),
    "misspelt literal": _raw("true", "True"),
    "array at the root": b"[" + GOOD + b"]",
    "text at the root": b'"churn"',
    "number at the root": b"1",
    "too large": _raw("basic", "b" * 1_100_000),
    "Arrow of which only the beginning came": b"\xff\xff\xff\xff\x10\x00",
    "compressed by hand": b"\x1f\x8b\x08\x00" + GOOD,
}  # fmt: skip

_SCHEMA = {
    "empty object": {},
    "no schema": event(schema=...),
    "another schema": event(schema="driftline.label/1"),
    "unknown major version": event(schema="driftline.prediction/2"),
    "no prediction_id": event(prediction_id=...),
    "no model": event(model=...),
    "no version": event(version=...),
    "no time": event(time_ms=...),
    "no features": event(features=...),
    "no prediction": event(prediction=...),
    "prediction null": event(prediction=None),
    "prediction bool": event(prediction=True),
    "prediction a list": event(prediction=["stay"]),
    "model null": event(model=None),
    "model a number": event(model=7),
    "model empty": event(model=""),
    "model too long": event(model="m" * 257),
    "model with a control character": event(model="churn\u0000"),
    "version a number": event(version=1),
    "entity_id empty": event(entity_id=""),
    "trace_id with a line feed": event(trace_id="a\nb"),
    "time a text": event(time_ms="2026-01-01T00:00:00"),
    "time a float": event(time_ms=float(NOW_MS)),
    "time a bool": event(time_ms=True),
    "features a list": event(features=[1, 2]),
    "feature a list (a vector)": event(features=features(age=[41.5])),
    "feature an object": event(features=features(age={"value": 41.5})),
    "feature without a name": event(features=features(**{"": 1})),
    "feature with a name too long": event(features=features(**{"f" * 257: 1})),
    "too many features": event(features={str(i): i for i in range(2_001)}),
    "text too long": event(features=features(plan="x" * 4_097)),
    "numeric feature a numeric text": event(features=features(age="41.5")),
    "numeric feature a bool": event(features=features(age=True)),
    "bool feature a number": event(features=features(active=1)),
    "bool feature a text": event(features=features(active="true")),
    "score a bool": event(score=True),
    "score a text": event(score="0.5"),
    "latency a text": event(latency_ms="12"),
    "status a float": event(status=200.0),
    "status a text": event(status="200"),
    "segments a list": event(segments=["eu"]),
    "segment a number": event(segments={"region": 1}),
    "segment null": event(segments={"region": None}),
    "variant unknown": event(variant="blue"),
    "probabilities a list": event(probabilities=[0.5, 0.5]),
    "probability a text": event(probabilities={"stay": "1"}),
    "CloudEvent of another version": {"specversion": "0.3", "data": event()},
    "CloudEvent without data": {"specversion": "1.0", "id": "1"},
    "CloudEvent with text as data": {"specversion": "1.0", "data": json.dumps(event())},
    "CloudEvent with bad data": {"specversion": "1.0", "data": event(model=...)},
}  # fmt: skip

_VALUE = {
    "score above 1": event(score=1.01),
    "score below 0": event(score=-0.01),
    "probability above 1": event(probabilities={"stay": 1.5, "leave": -0.5}),
    "probabilities sum to 0.9": event(probabilities={"stay": 0.5, "leave": 0.4}),
    "latency negative": event(latency_ms=-1),
    "status 99": event(status=99),
    "status 600": event(status=600),
    "unknown class": event(prediction="maybe"),
    "unknown class as a number": event(prediction=2),
    "unknown class among the probabilities": event(probabilities={"stay": 0.5, "maybe": 0.5}),
    "feature beyond 64 bits": event(features=features(age=2**63)),
    "feature below 64 bits": event(features=features(age=-(2**63) - 1)),
    "latency beyond 64 bits": event(latency_ms=2**63),
}  # fmt: skip

_TIME = {
    "year 0": event(time_ms=-62_167_219_200_000),
    "year 9999": event(time_ms=253_402_300_799_000),
    "negative": event(time_ms=-1),
    "seconds": event(time_ms=NOW_MS // 1_000),
    "microseconds": event(time_ms=NOW_MS * 1_000),
}

BAD: tuple[Bad, ...] = (
    *(Bad(name, "MALFORMED", value) for name, value in _MALFORMED.items()),
    *(Bad(name, "SCHEMA", encoded(fields)) for name, fields in _SCHEMA.items()),
    *(Bad(name, "VALUE", encoded(fields)) for name, fields in _VALUE.items()),
    Bad("feature 1e400", "VALUE", _raw("41.5", "1e400")),
    Bad("score 1e400", "VALUE", _raw("0.25", "1e400")),
    Bad("prediction 1e400", "VALUE", _raw('"prediction":"stay"', '"prediction":1e400')),
    *(Bad(name, "TIME", encoded(fields)) for name, fields in _TIME.items()),
    Bad("five minutes and a millisecond ahead", "FUTURE", encoded(event(time_ms=NOW_MS + 300_001))),
    Bad("an hour ahead", "FUTURE", encoded(event(time_ms=NOW_MS + 3_600_000))),
    Bad("no key", "KEY", GOOD, None),
    Bad("empty key", "KEY", GOOD, b""),
    Bad("another key", "KEY", GOOD, b"p-2"),
    Bad("key with more", "KEY", GOOD, b"p-10"),
)
