from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from runtime.decode.arrow import arrow_schema, encode_arrow, encode_table
from runtime.decode.decoder import Decoder
from schemas.dead_letter import Reason
from schemas.prediction import Prediction
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, encoded, event, features, message, shape_of


def _table(*events: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(events))


def _with(table: pa.Table, name: str, column: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def test_rows_say_the_same_as_json_events() -> None:
    events = [event(), event(score=None, variant="canary"), event(features=features(age=None, plan="gold"))]
    decoder = Decoder(shape_of)
    arrow = by_event(decoder.decode([message(encode_arrow(Prediction.model_validate(e) for e in events))], NOW_MS))
    plain = by_event(decoder.decode([message(encoded(e)) for e in events], NOW_MS))
    assert list(arrow.values()) == list(plain.values())
    assert list(arrow) == [(0, 0), (0, 1), (0, 2)]


def test_json_and_arrow_of_one_version_are_one_group() -> None:
    decoded = Decoder(shape_of).decode(
        [message(encoded(event(variant="shadow"))), message(encode_table(_table(event(), event())), key=None)], NOW_MS
    )
    (group,) = decoded.groups
    assert (group.index.tolist(), group.row.tolist(), decoded.events) == ([0, 1, 1], [-1, 0, 1], 3)
    codes, names = group.segments["variant"]
    assert [names[code] for code in codes] == ["shadow", "", ""]


def test_features_may_be_flat_columns_and_texts_dictionaries() -> None:
    table = _table(event(), event())
    struct = table.column("features").combine_chunks()
    flat = table.drop(["features"])
    for field, member in zip(struct.type, struct.flatten(), strict=True):
        flat = flat.append_column(f"features.{field.name}", member)
    flat = _with(flat, "model", flat.column("model").dictionary_encode())
    decoder = Decoder(shape_of)
    left, right = (by_event(decoder.decode([message(encode_table(each))], NOW_MS)) for each in (table, flat))
    assert left == right


def test_the_schema_builder_fits_the_contract() -> None:
    schema = arrow_schema(
        {"age": pa.float64(), "income": pa.int32(), "plan": pa.string(), "active": pa.bool_()},
        pa.string(),
        segments=["region"],
        classes=["stay", "leave"],
    )
    rows = [Prediction.model_validate(event())]
    decoder = Decoder(shape_of)
    left, right = (decoder.decode([message(encode_arrow(rows, given))], NOW_MS) for given in (schema, None))
    assert by_event(left) == by_event(right)
    assert left.dead == []


def test_nan_is_missing_and_infinity_is_kept_for_its_own_counter() -> None:
    table = _table(*(event(features=features(age=age)) for age in (1.0, float("nan"), float("inf"))))
    (group,) = Decoder(shape_of).decode([message(encode_table(table))], NOW_MS).groups
    np.testing.assert_array_equal(group.values[0], [1.0, np.nan, np.inf])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"score": 1.5}, "VALUE"),
        ({"prediction": "maybe"}, "VALUE"),
        ({"probabilities": {"stay": 0.5, "leave": 0.4}}, "VALUE"),
        ({"latency_ms": -1.0}, "VALUE"),
        ({"status": 99}, "VALUE"),
        ({"model": ""}, "SCHEMA"),
        ({"model": None}, "SCHEMA"),
        ({"prediction_id": "a\x00"}, "SCHEMA"),
        ({"variant": "blue"}, "SCHEMA"),
        ({"schema": "driftline.prediction/2"}, "SCHEMA"),
        ({"features": None}, "SCHEMA"),
        ({"time_ms": NOW_MS // 1_000}, "TIME"),
        ({"time_ms": NOW_MS + 300_001}, "FUTURE"),
    ],
)
def test_a_bad_row_is_refused_by_itself(changes: dict[str, Any], reason: Reason) -> None:
    decoded = Decoder(shape_of).decode([message(encode_table(_table(event(), event(**changes), event())))], NOW_MS)
    assert [(dead.index, dead.row, dead.reason) for dead in decoded.dead] == [(0, 1, reason)]
    assert decoded.groups[0].row.tolist() == [0, 2]


def test_a_column_of_the_wrong_type_refuses_every_row() -> None:
    base = _table(event(), event())
    age = [features(age="41"), features(age="42")]
    times = pa.array([NOW_MS, NOW_MS], pa.timestamp("ms"))
    cases = {
        "SCHEMA": [_with(base, "features", pa.array(age)), _with(base, "status", pa.array([200.0, 200.0]))],
        "TIME": [_with(base, "time_ms", times)],
    }
    for reason, tables in cases.items():
        for table in tables:
            decoded = Decoder(shape_of).decode([message(encode_table(table))], NOW_MS)
            assert [(dead.row, dead.reason) for dead in decoded.dead] == [(0, reason), (1, reason)]


def test_a_time_with_zone_is_read() -> None:
    table = _with(_table(event()), "time_ms", pa.array([NOW_MS * 1_000], pa.timestamp("us", "Europe/Berlin")))
    (group,) = Decoder(shape_of).decode([message(encode_table(table))], NOW_MS).groups
    assert group.time_ms.tolist() == [NOW_MS]


def _compressed() -> bytes:
    sink = pa.BufferOutputStream()
    table = _table(*[event()] * 100)
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


@pytest.mark.parametrize(
    "value",
    [
        _compressed(),
        encode_table(_table(event()))[:-8],
        encode_table(_table(event()))[:-100],
        encode_table(_table(event())) + b"x",
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\xff\xff\xff\x7f",
        encode_table(pa.table([["a"], ["b"]], names=["model", "model"])),
        encode_table(pa.table({"model": pa.nulls(100_001)})),
    ],
    ids=["compressed", "no end", "cut", "trailing", "start only", "huge length", "column twice", "too many rows"],
)
def test_a_stream_that_cannot_be_trusted_is_one_dead_letter(value: bytes) -> None:
    decoded = Decoder(shape_of).decode([message(encoded(event())), message(value)], NOW_MS)
    assert [(dead.index, dead.row, dead.reason) for dead in decoded.dead] == [(1, None, "MALFORMED")]
    assert (decoded.events, len(decoded.groups)) == (2, 1)
