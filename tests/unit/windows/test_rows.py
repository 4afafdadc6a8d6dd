"""Rows survive the way to the changelog and back."""

import numpy as np
import pytest

from runtime.windows.rows import Heard, MarkRow, PublishedRow, SeriesRow, SumRow, key_of, parts_of

ROWS = [
    SumRow(np.arange(-3, 500), 7, 2, 1_700_000_000_000, {"SCHEMA": 3}, {"T/0": (12, 0), "T/1": (7, 3)}),
    SumRow.of_size(10),
    MarkRow(12, 1_700_000_000_000, caught_up=True),
    SeriesRow(),
    SeriesRow(
        1, 4, "T", {"T/0": Heard(5, 6)}, {"T/0": (9, 1)}, 100, 110, 80, (7, 3), {"region": ["ä", "b=c"]}, {"1": 90}
    ),
    PublishedRow(3, final=True, wall_ms=1),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_row_is_the_same_after_storage(row: SumRow | MarkRow | SeriesRow | PublishedRow) -> None:
    back = type(row).from_bytes(row.to_bytes())
    assert back.to_bytes() == row.to_bytes()
    for name in type(row).__slots__:
        assert np.array_equal(getattr(back, name), getattr(row, name))


def test_keys_keep_their_parts_whatever_stands_in_them() -> None:
    parts = ["sum", 'a"b', "ü\x1f", "", 3_600_000]
    assert parts_of(key_of(*parts)) == parts


def test_a_restored_sum_can_be_added_to() -> None:
    back = SumRow.from_bytes(SumRow.of_size(3).to_bytes())
    back.cells += 1
    assert back.cells.tolist() == [1, 1, 1]
