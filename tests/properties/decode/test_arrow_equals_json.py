"""The same rows as one Arrow stream and as JSON events: the same verdicts, and bit-identical columns."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.decode.arrow import encode_table
from runtime.decode.decoder import Decoder
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, encoded, event, message, shape_of

_TEXTS = (
    "eu",
    "",
    "stay",
    "leave",
    "basic",
    "3",
    "a" * 256,
    "a" * 257,
    "é" * 256,
    "x\x01",
    "\x7f",
    "日本",
    "b" * 4_097,
)
_FLAGS = st.sampled_from((True, None, False))
_NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.just(-0.0))


def _mostly(good: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([good] * (2 * len(others)) + list(others))


def _text(good: str) -> st.SearchStrategy[Any]:
    return _mostly(good, None, *_TEXTS)


def _rows(model: str, plan: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows whose columns have one Arrow type each, as a table's must."""
    row = st.fixed_dictionaries(
        {
            "schema": _mostly("driftline.prediction/1", "driftline.prediction/2", None),
            "prediction_id": _text("p-1"),
            "model": _mostly(model, "", None, "new"),
            "version": _text("1"),
            "time_ms": _mostly(NOW_MS, 0, None, NOW_MS + 300_000, NOW_MS + 300_001, 10**17),
            "features": st.fixed_dictionaries({"age": _NUMBERS, "plan": plan, "active": _FLAGS}),
            "prediction": _text("stay") if model == "churn" else _NUMBERS,
            "score": _mostly(0.5, None, 0.0, 1.0, 1.01, -0.01),
            "probabilities": _mostly({"stay": 0.5, "leave": 0.5}, None, {"stay": 0.5, "leave": 0.509}, {"stay": 1.5}),
            "latency_ms": _mostly(1.5, None, -1.0, 0.0),
            "status": _mostly(200, None, 99, 599, 600),
            "segments": _mostly({"region": "eu"}, None, {"region": ""}, {"variant": "x"}, {"device": "phone"}),
            "variant": _mostly("stable", None, "canary", "blue"),
            "entity_id": _text("c"),
        }
    )
    return st.lists(row, min_size=1, max_size=8)


_PLANS = (_text("basic"), _mostly(3, None, 4), _mostly(3.0, None, 0.5), _FLAGS)
_TABLES = st.one_of(*(_rows(model, plan) for plan in _PLANS for model in ("churn", "delay")))


def _as_json(row: dict[str, Any]) -> bytes:
    """Null columns, and null members of structs other than features, are left out."""
    said = {name: value for name, value in row.items() if value is not None}
    return encoded(said)


@given(_TABLES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_row_is_judged_as_the_event_it_says(rows: list[dict[str, Any]], two_records: bool) -> None:  # noqa: FBT001  drawn
    table = pa.Table.from_pylist(rows)
    cut = len(rows) // 2 if two_records else 0
    streams = [encode_table(part) for part in (table.slice(0, cut), table.slice(cut)) if part.num_rows]
    arrow = Decoder(shape_of).decode([message(stream, key=None) for stream in streams], NOW_MS)
    plain = Decoder(shape_of).decode(
        [message(_as_json(row), key=(row["prediction_id"] or "x").encode()) for row in rows], NOW_MS
    )
    assert arrow.events == plain.events == len(rows)
    assert arrow.repeated == plain.repeated
    for left, right in zip(_said(arrow), _said(plain), strict=True):
        assert left == right


def _said(decoded: Any) -> list[dict[str, Any]]:
    """In order, without what only tells where an event stood; discovered kinds go by batch, so they may differ."""
    said = [entry for _, entry in sorted(by_event(decoded).items())]
    for entry in said:
        if "dead" in entry:
            dead = entry["dead"]
            entry["dead"] = (dead.reason, dead.detail, dead.model, dead.version, dead.time_ms)
        entry.pop("discovered", None)
    return said


def test_the_starting_event_is_valid_in_both() -> None:
    decoded = Decoder(shape_of).decode([message(encode_table(pa.Table.from_pylist([event()])))], NOW_MS)
    assert decoded.dead == []
