"""What Python values become."""

import datetime as dt
import decimal
import enum
import uuid
from http import HTTPStatus
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftline.client.ids import uuid7
from driftline.client.values import answer, plain, text, time_ms, whole
from runtime.decode.verdict import Refusal
from tests.unit.decode.events import NOW_MS


class Size(enum.StrEnum):
    SMALL = "s"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.True_, True),
        (np.str_("a"), "a"),
        (float("nan"), None),
        (-np.inf, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        (np.datetime64("2024-02-29T01:02:03.000004005"), "2024-02-29T01:02:03.000004"),
        (pd.Timestamp("2024-02-29", tz="UTC"), "2024-02-29T00:00:00+00:00"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (decimal.Decimal("0.25"), 0.25),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Size.SMALL, "s"),
        (HTTPStatus.OK, 200),
        (np.array(5), 5),
        (np.array([0.5]), 0.5),
        (np.array(np.nan), None),
    ],
)
def test_a_value_is_told_as_json_has_it(value: Any, told: Any) -> None:
    found = plain(value)
    assert (found, type(found)) == (told, type(told))


@pytest.mark.parametrize("value", [object(), [], {}, b"a", 1j, np.zeros(2), np.zeros(0), np.timedelta64(1, "s")])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(Refusal, match="SCHEMA"):
        plain(value)


def test_numbers_name_categories_as_the_decoder_does() -> None:
    assert [text(value) for value in (3, 3.0, True, 0.5, None)] == ["3", "3", "true", "0.5", None]


def test_answers_are_numbers_or_texts_and_a_status_is_an_integer() -> None:
    assert [answer(value) for value in (True, np.False_, 1, "a")] == ["true", "false", 1, "a"]
    assert [whole(value) for value in (200.0, 0.5, None)] == [200, 0.5, None]


def test_times_are_milliseconds_or_know_their_zone() -> None:
    noon = dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    assert [time_ms(None, NOW_MS), time_ms(np.int64(5), 0), time_ms(noon, 0)] == [NOW_MS, 5, 1_709_204_400_000]
    for wrong in (dt.datetime(2024, 2, 29), 1.5, "2024-02-29", True, pd.NaT, np.datetime64("2024-02-29")):  # noqa: DTZ001  refused
        with pytest.raises(Refusal, match="TIME"):
            time_ms(wrong, 0)


def test_new_ids_are_uuids_of_version_7_that_sort_by_time() -> None:
    ids = [uuid7(NOW_MS + step) for step in range(1_000)]
    assert ids == sorted(set(ids))
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert uuid.UUID(ids[5]).int >> 80 == NOW_MS + 5
