"""Prediction events as bytes: valid, odd, wrong and broken ones, written as producers and accidents write them."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.unit.decode.events import NOW_MS, encoded, event

_NUMBERS = (
    "0", "-0", "-0.0", "3", "3.0", "-3.00", "3e0", "1E5", "0.1", "1e400", "1e-400", "5e-324",
    "2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993", "9007199254740993.0",
    "9223372036854775807", "9223372036854775808", "123456789012345678901", "0.30000000000000004",
    "0.000000000000000000000000123", "18446744073709551616.5", "00", "01", "1.", ".5", "+1", "1e", "1e+", "-",
    "NaN", "Infinity",
)  # fmt: skip
_TEXTS = (
    '"basic"', '"plus"', '"3"', '"true"', '""', '"é"', '"日本"', '"\\u00e9"', '"a\\"b"', '"\\ud800"', '"\x7f"',
    '"x\x01"', f'"{"a" * 256}"', f'"{"a" * 257}"', f'"{"é" * 256}"', f'"{"b" * 4_097}"', '"eu"', '"stay"', '"1"',
    '"canary"', '"shadow"', '"churn"', '"delay"', '"driftline.prediction/1"',
)  # fmt: skip
_OTHERS = (
    "true", "false", "null", "nul", "True", "{}", "[]", "[1]", '{"a":1}', '{"a":"b"}', '{"stay":0.5,"leave":0.5}',
    '{"stay":0.5,"leave":0.4}', '{"stay":1,"stay":0}', '{"region":"us"}', '{"region":""}', '{"variant":"x"}',
    "[" * 40 + "]" * 40,
)  # fmt: skip
_NAMES = ("age", "plan", "active", "extra", "é", "a b", "", "model", "status", "specversion", "data", "note")

TOKENS = st.one_of(
    st.sampled_from(_NUMBERS + _TEXTS + _OTHERS),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.text(max_size=12).map(json.dumps),
    st.text(max_size=12).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.integers(-400_000, 400_000).map(lambda ahead_ms: str(NOW_MS + ahead_ms)),
)
_SPACES = st.sampled_from(("", "", "", " ", "\n\t", "\r\n  "))
_BASES: tuple[dict[str, Any], ...] = (
    event(),
    event(model="delay", features={"distance": 3.5, "carrier": "UA"}, prediction=1.25, probabilities=...),
    event(model="new"),
    event(segments={"region": "ü", "device": "phone"}, variant="canary", score=None),
)
Members = list[tuple[str, str]]


@st.composite
def _edited(draw: st.DrawFn, members: Members) -> Members:
    """The members with up to two of them changed, added or left out, and perhaps in another order."""
    members = list(members)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(members)))
        edit = draw(st.sampled_from(("change", "add", "drop")))
        if edit == "add" or place == len(members):
            members.insert(place, (draw(st.sampled_from(_NAMES)), draw(TOKENS)))
        elif edit == "change":
            members[place] = (members[place][0], draw(TOKENS))
        else:
            del members[place]
    return draw(st.permutations(members)) if draw(st.booleans()) else members


@st.composite
def _written(draw: st.DrawFn, members: Members) -> str:
    """The members as an object, with white space here and there."""
    space = draw(_SPACES)
    body = f",{space}".join(f'{space}"{name}"{space}:{space}{token}' for name, token in members)
    return f"{{{space}{body}{space}}}"


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """An event with at most a few faults, whole."""
    base = draw(st.sampled_from(_BASES))
    if draw(st.booleans()):
        return encoded(base)
    features = draw(_edited([(name, json.dumps(value)) for name, value in base["features"].items()]))
    members = [(name, json.dumps(value)) for name, value in base.items() if name != "features"]
    members.append(("features", draw(_written(features))))
    return draw(_written(draw(_edited(members)))).encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event whose bytes were cut, changed, doubled or added to."""
    value = bytearray(draw(payloads()))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(value)))
        match draw(st.sampled_from(("cut", "set", "insert", "remove", "double"))):
            case "cut":
                del value[place:]
            case "set":
                value[place : place + 1] = bytes([draw(st.integers(0, 255))])
            case "insert":
                value[place:place] = draw(
                    st.sampled_from([bytes([c]) for c in b'"\\{}[]:,019eE+-. \n\x00\x1f\x80\xc3\xff'])
                )
            case "remove":
                del value[place : place + 1]
            case _:
                value[place:place] = value[place : place + draw(st.integers(1, 20))]
    return bytes(value)


KEYS = st.sampled_from((b"p-1",) * 8 + (b"p-2", b"", None))
