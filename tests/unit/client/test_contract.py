"""Whatever a caller gives: what is written is valid, what is not is counted, and nothing is raised."""

import datetime as dt
import decimal
import enum
import uuid
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.decode.decoder import Decoder
from runtime.decode.strict import judge, not_strict
from runtime.log.memory_broker import MemoryMessage
from schemas.base import EARLIEST_MS, SourceRange
from services.performance.join.judging import read_labels
from tests.unit.client.recording import recording
from tests.unit.decode.events import NOW_MS


class Colour(enum.Enum):
    RED = "red"


class Spiteful:
    def item(self) -> Any:
        raise KeyError("no")

    def __str__(self) -> str:
        raise OSError("no")


_ODD = st.sampled_from(
    (
        None, True, False, np.True_, 3, -0.0, 2**63, 2**63 - 1, -(2**63), 10**400, np.uint64(2**64 - 1), np.int8(-1),
        np.float32(0.1), np.float16(np.inf),
        np.longdouble(1), np.nan, np.inf, "", "a" * 256, "a" * 257, "b" * 4_097,
        "\ud800", "x\x01", "日本", np.str_("n"), decimal.Decimal("0.1"), decimal.Decimal("sNaN"), uuid.UUID(int=7),
        Colour.RED,
        dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, tzinfo=dt.UTC), dt.timedelta(1), np.datetime64("NaT"),
        np.datetime64("2024-02-29T01:02:03.123456789"), np.timedelta64(1, "s"), pd.NA, pd.NaT, pd.Timestamp(0),
        np.array(5), np.array([0.5]), np.array([1, 2]), np.array([]), np.array(["t"], object), [], {}, {"a": 1}, (1,),
        b"bytes", object(), Spiteful(), 1j,
    )
)  # fmt: skip
_VALUES = st.one_of(_ODD, st.floats(), st.integers(), st.text(max_size=8))
_NAMES = st.one_of(st.sampled_from(("age", "plan", 1, "1", 1.0, True, "", "é", None, np.int64(4))), st.text(max_size=4))
_MAPPINGS = st.one_of(st.dictionaries(_NAMES, _VALUES, max_size=4), _ODD)


def _mostly(good: Any, others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(good), st.just(good), st.just(good), others)


_TIMES = _mostly(None, st.one_of(st.sampled_from((NOW_MS + 300_000, NOW_MS + 300_001, EARLIEST_MS - 1)), _ODD))
_OPTIONAL = st.fixed_dictionaries(
    {},
    optional={
        "prediction_id": _mostly("p", _VALUES),
        "score": _mostly(0.5, _VALUES),
        "probabilities": _mostly({"stay": 0.5, "leave": np.float32(0.5)}, _MAPPINGS),
        "latency_ms": _mostly(1, _VALUES),
        "status": _mostly(np.int16(200), _VALUES),
        "segments": _mostly({"region": "eu", "desk": 7}, _MAPPINGS),
        "variant": _mostly("canary", _VALUES),
        "entity_id": _mostly(7, _VALUES),
        "trace_id": _mostly("t", _VALUES),
        "time": _TIMES,
    },
)
_SOURCE = SourceRange(topic="labels", topic_id="T", partition=0, partitions=1, start=0, end=1)


def _refused(record: MemoryMessage) -> object:
    value, (_, stamped_ms) = record.value() or b"", record.timestamp()
    return judge(value, record.key(), stamped_ms, lambda *_: None, not_strict).refusal


@given(_mostly({"age": 4.5}, _MAPPINGS), _mostly("stay", _VALUES), _OPTIONAL)
@settings(max_examples=200)
def test_every_prediction_that_is_written_is_valid_and_every_other_is_counted(
    features: Any, prediction: Any, optional: dict[str, Any]
) -> None:
    with recording() as (client, kept):
        told = client.log_prediction(features, prediction, **optional)
        assert [record.topic() for record in kept.records] == ["predictions"] * len(kept.records)
        assert len(kept.records) + sum(client.totals.dropped.values()) == 1
        for record in kept.records:
            assert _refused(record) is None
            assert record.key() == told.encode()
        assert Decoder(lambda *_: None).decode(kept.records, NOW_MS).dead == []


@given(_mostly("p", _VALUES), _mostly(1, _VALUES), _TIMES, _mostly(None, _VALUES), _mostly(2.5, _VALUES))
@settings(max_examples=150)
def test_every_label_that_is_written_is_valid_and_every_other_is_counted(
    prediction_id: Any, label: Any, time: Any, source: Any, value: Any
) -> None:
    with recording() as (client, kept):
        client.log_label(prediction_id, label, time=time, source=source, value=value)
        assert len(kept.records) + sum(client.totals.dropped.values()) == 1
        judged = read_labels(kept.records, _SOURCE, NOW_MS)
        assert len(judged.records) == len(kept.records)


@given(st.lists(_VALUES, max_size=4), st.one_of(_ODD, st.lists(_VALUES, max_size=4)), _OPTIONAL)
@settings(max_examples=100)
def test_whatever_a_batch_holds_its_rows_are_written_valid_or_counted(
    column: list[Any], predictions: Any, optional: dict[str, Any]
) -> None:
    with recording() as (client, kept):
        client.log_batch({"age": column}, None, predictions, **optional)
        decoded = Decoder(lambda *_: None).decode(kept.records, NOW_MS)
        assert decoded.dead == []
        rows = len(predictions) if isinstance(predictions, list) else None
        assert rows is None or decoded.events + sum(client.totals.dropped.values()) == rows
