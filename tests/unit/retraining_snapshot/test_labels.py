"""Which of several labels holds, and which are no labels of the snapshot."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.log.memory_broker import MemoryMessage
from services.retraining.snapshot.labels import Candidates, LabelReader, in_time
from services.retraining.snapshot.smallest import Smallest
from tests.performance_stream import DAY_MS, T0, encoded, label


def taken(*times_ms: int, until_ms: int = T0 + DAY_MS) -> tuple[Candidates, Counter[str]]:
    """Labels of one id, told at these times and named after their place."""
    refused: Counter[str] = Counter()
    into: Smallest[Candidates] = Smallest(10)
    messages = [
        MemoryMessage(encoded(label(1, time_ms, float(place))), key=b"p-1", timestamp_ms=T0 + DAY_MS)
        for place, time_ms in enumerate(times_ms)
    ]
    LabelReader(T0, until_ms, refused).take(messages, 1, into)
    return into.values.get(b"p-1", (b"", []))[1], refused


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(-1, 6))
def test_of_the_labels_in_time_the_last_written_holds(offsets_ms: list[int], latest_ms: int) -> None:
    candidates, _ = taken(*(T0 + offset for offset in offsets_ms))
    told = in_time(candidates, T0 + latest_ms)
    places = [place for place, offset in enumerate(offsets_ms) if offset <= latest_ms]
    assert (told and told.label) == (float(places[-1]) if places else None)


def test_labels_of_before_and_after_the_stretch_do_not_count() -> None:
    candidates, refused = taken(T0 - 1, T0 + 101, T0, T0 + 100, until_ms=T0 + 100)
    assert [told.label for told in candidates] == [2.0, 3.0]
    assert not refused


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (b"", b"p-1", "MALFORMED"),
        (b"[]", b"p-1", "MALFORMED"),
        (encoded(label(1, T0, "a") | {"label": True}), b"p-1", "SCHEMA"),
        (encoded(label(1, T0, 1.0)), b"p-2", "KEY"),
        (encoded(label(1, T0, 1.0)), None, "KEY"),
        (encoded(label(1, T0, 1.0)), b"p-1", "FUTURE"),
    ],
)
def test_an_invalid_label_is_counted_by_its_reason(value: bytes, key: bytes | None, reason: str) -> None:
    refused: Counter[str] = Counter()
    into: Smallest[Candidates] = Smallest(10)
    LabelReader(T0, T0, refused).take([MemoryMessage(value, key=key, timestamp_ms=T0 - DAY_MS)], 1, into)
    assert (dict(refused), into.values) == ({reason: 1}, {})


def test_a_label_in_a_cloud_event_is_one() -> None:
    into: Smallest[Candidates] = Smallest(10)
    value = encoded({"specversion": "1.0", "data": label(1, T0, "stay")})
    LabelReader(T0, T0, Counter()).take([MemoryMessage(value, key=b"p-1", timestamp_ms=T0)], 1, into)
    assert [told.label for told in into.values[b"p-1"][1]] == ["stay"]
