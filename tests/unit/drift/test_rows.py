"""Drift's own rows survive the way to the changelog and back."""

import numpy as np
import pytest

from services.drift.windows.rows import DetectorRow, LearningRow, PaneRow

ROWS = [
    LearningRow(
        5,
        done=False,
        first_ms=1,
        last_ms=2,
        positions={"T/0": (9, 0)},
        sketches={"feature:x": {"kind": "numeric", "bins": {"3": 1}}},
    ),
    PaneRow(np.arange(-3, 500), {"bound": 9.5, "findings": []}),
    PaneRow(np.arange(3), None),
    DetectorRow("ab12", 60_000, taught_ms=120_000, panes=2, kept=[60_000, 120_000], state=b"\x00\xff"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_row_is_the_same_after_storage(row: LearningRow | PaneRow | DetectorRow) -> None:
    back = type(row).from_bytes(row.to_bytes())
    assert back.to_bytes() == row.to_bytes()
    for name in type(row).__slots__:
        assert np.array_equal(getattr(back, name), getattr(row, name))
