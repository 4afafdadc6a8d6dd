"""Rows of a batch and single events: the same verdicts, and bit-identical columns."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.decode.decoder import Decoder
from tests.unit.client.recording import Kept, recording
from tests.unit.decode.comparing import by_event
from tests.unit.decode.events import NOW_MS, shape_of

_TEXTS = ("eu", "", "stay", "basic", "3", "a" * 256, "a" * 257, "x\x01", "日本", "b" * 4_097)
_FLAGS = (True, False, None, 1)
_NUMBERS = st.one_of(st.floats(width=32), st.sampled_from((0.0, -0.0, np.nan, np.inf, 2.0**63)))


def _mostly(good: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([good] * (2 * len(others)) + list(others))


_ROW = {
    "age": _NUMBERS,
    "income": st.one_of(st.integers(-(2**63), 2**64 - 1), st.integers(-5, 5)),
    "plan": _mostly("basic", None, 3, *_TEXTS),
    "active": _mostly(*_FLAGS),
    "prediction": _mostly("stay", "leave", 1.0, *_FLAGS, *_TEXTS),
    "prediction_id": _mostly("p-1", 7, *_TEXTS),
    "score": _mostly(0.5, None, 0, 1, 1.01, np.nan),
    "stay": _mostly(0.5, None, 0.509, 1.5),
    "latency_ms": _mostly(1.5, None, -1, np.inf),
    "status": _mostly(200, None, 99, 599, 600, 200.0),
    "region": _mostly("eu", "", 7, *_FLAGS),
    "variant": _mostly("stable", None, "canary", "blue"),
    "entity_id": _mostly("c", None, *_TEXTS),
    "time": _mostly(NOW_MS, 0, None, NOW_MS + 300_000, NOW_MS + 300_001),
}
_FEATURES = ("age", "income", "plan", "active")
_PLAIN = ("prediction_id", "score", "latency_ms", "status", "variant", "entity_id", "time")


@st.composite
def _tables(draw: st.DrawFn) -> dict[str, Any]:
    """Columns: each as a list, or as the numpy array that its values make."""
    n = draw(st.integers(1, 6))
    columns = {name: draw(st.lists(values, min_size=n, max_size=n)) for name, values in _ROW.items()}
    if draw(st.booleans()):
        width = draw(st.sampled_from((np.float16, np.float32, np.float64)))
        with np.errstate(over="ignore"):
            columns["age"] = np.array(columns["age"], width)
        columns["score"] = np.array([np.nan if x is None else x for x in columns["score"]])
        columns["income"] = np.array([x % 2**64 for x in columns["income"]], np.uint64)
    return columns


def _said(kept: Kept) -> list[dict[str, Any]]:
    """In order; what is discovered goes by batch, and is not there for models with a shape."""
    said = by_event(Decoder(shape_of).decode(kept.records, NOW_MS))
    found = []
    for _, entry in sorted(said.items()):
        if "dead" in entry:
            dead = entry["dead"]
            entry["dead"] = (dead.reason, dead.detail, dead.model, dead.version, dead.time_ms)
        entry.pop("discovered", None)
        found.append(entry)
    return found


@given(_tables())
@settings(max_examples=100)
def test_a_batch_says_what_its_rows_say(columns: dict[str, Any]) -> None:
    n = len(columns["age"])
    with recording() as (one, events):
        told = [
            one.log_prediction(
                {name: columns[name][row] for name in _FEATURES},
                columns["prediction"][row],
                probabilities={"stay": columns["stay"][row], "leave": 0.5},
                segments={"region": columns["region"][row], "desk": "1"},
                **{name: columns[name][row] for name in _PLAIN},
            )
            for row in range(n)
        ]
        totals = one.totals
    with recording() as (many, batch):
        ids = many.log_batch(
            {name: columns[name] for name in _FEATURES},
            None,
            columns["prediction"],
            probabilities={"stay": columns["stay"], "leave": 0.5},
            segments={"region": columns["region"], "desk": "1"},
            **{name: columns[name] for name in _PLAIN},
        )
        assert told == ids
        assert totals == many.totals
        assert _said(batch) == _said(events)


def test_a_valid_batch_is_one_record_and_a_bad_row_costs_only_itself() -> None:
    features = np.arange(20.0).reshape(10, 2)
    score = np.full(10, 0.5)
    score[3] = 2
    with recording() as (client, kept):
        ids = client.log_batch(features, ["age", "income"], ["stay"] * 10, score=score)
        (record,) = kept.records
        decoded = Decoder(shape_of).decode(kept.records, NOW_MS)
        assert client.totals.dropped == {"VALUE": 1}
    assert (decoded.events, decoded.dead, decoded.strictly) == (9, [], 0)
    assert dict(record.headers() or ()) == {"content-type": "application/vnd.apache.arrow.stream"}
    assert len(set(ids)) == 10


def test_very_many_rows_are_several_records_within_the_topic_s_limit() -> None:
    n = 120_000
    with recording() as (client, kept):
        client.log_batch({"age": np.arange(n), "plan": ["basic"] * n}, None, np.zeros(n))
        assert len(kept.records) > 1
        assert max(len(record.value() or b"") for record in kept.records) < 8_000_000
        assert Decoder(lambda *_: None).decode(kept.records, NOW_MS).events == n


def test_a_data_frame_s_columns_and_index_are_of_no_consequence() -> None:
    """pandas looks a row up by its index unless told otherwise."""
    frame = pd.DataFrame({"age": [1.0, None], "plan": ["basic", None], 5: [True, False]}, index=[7, 3])
    with recording() as (client, kept):
        client.log_batch(
            frame, None, pd.Series(["stay", "leave"], index=[9, 8]), score=pd.Series([0.1, 0.2], index=[1, 0])
        )
        (group,) = Decoder(shape_of).decode(kept.records, NOW_MS).groups
    assert group.score.tolist() == [0.1, 0.2]
    ages, *_ = group.values  # noqa: PD011  a group's, not pandas'
    np.testing.assert_array_equal(ages, [1.0, np.nan])


@pytest.mark.parametrize(
    ("features", "names", "predictions"),
    [
        (np.zeros((2, 2)), ["a"], [1, 2]),
        (np.zeros((2, 2)), ["a", "a"], [1, 2]),
        (np.zeros((2, 2)), None, [1, 2]),
        ({"a": [1.0]}, None, [1, 2]),
        ([[1, 2], [3]], ["a", "b"], [1, 2]),
    ],
)
def test_a_batch_of_unequal_lengths_is_dropped_as_a_whole(features: Any, names: Any, predictions: Any) -> None:
    with recording() as (client, kept):
        client.log_batch(features, names, predictions)
        assert kept.records == []
        assert sum(client.totals.dropped.values()) == 2
