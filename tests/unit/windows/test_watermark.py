"""Event time passes when every partition that could still bring something has passed it.

partition 0  ──●────────●───▶ 100          watermark = min(100, 60) = 60
partition 1  ──●──●─────────▶ 60
"""

import pytest

from runtime.windows.rows import Heard, MarkRow, SeriesRow
from runtime.windows.watermark import silent_wall, watermark

IDLE_MS = 30


def series(**heard: tuple[int, int]) -> SeriesRow:
    """Two partitions; `p0=(high, wall)`."""
    return SeriesRow(
        first_wall_ms=0, partitions=2, topic_id="T", heard={f"T/{p[1:]}": Heard(*when) for p, when in heard.items()}
    )


def marks(**at: tuple[int, bool]) -> dict[str, MarkRow]:
    """`p0=(wall, caught up)`."""
    return {f"T/{p[1:]}": MarkRow(0, wall, caught_up) for p, (wall, caught_up) in at.items()}


CASES = [
    ("both bring events", series(p0=(100, 0), p1=(60, 0)), marks(p0=(5, False), p1=(5, False)), 60),
    ("one has brought nothing yet and is still read", series(p0=(100, 0)), marks(p0=(99, True), p1=(99, False)), None),
    ("one has brought nothing, at its end, not for long", series(p0=(100, 0)), marks(p0=(9, True), p1=(9, True)), None),
    ("one has brought nothing, at its end, for long", series(p0=(100, 25)), marks(p0=(30, True), p1=(30, True)), 100),
    ("one fell silent at its end", series(p0=(100, 90), p1=(60, 0)), marks(p0=(95, True), p1=(95, True)), 100),
    ("one lags behind and holds", series(p0=(100, 90), p1=(60, 0)), marks(p0=(95, True), p1=(95, False)), 60),
    ("a partition without a mark holds", series(p0=(100, 90), p1=(60, 0)), marks(p0=(95, True)), 60),
    ("all are silent", series(p0=(100, 0), p1=(60, 0)), marks(p0=(95, True), p1=(95, True)), None),
]


@pytest.mark.parametrize(("row", "at", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_watermark(row: SeriesRow, at: dict[str, MarkRow], expected: int | None) -> None:
    assert watermark(row, at, IDLE_MS) == expected


def test_wall_time_speaks_only_when_all_are_silent() -> None:
    row = series(p0=(100, 0), p1=(60, 0))
    assert silent_wall(row, marks(p0=(95, True), p1=(97, True)), IDLE_MS) == 95
    assert silent_wall(row, marks(p0=(95, True), p1=(20, True)), IDLE_MS) is None
    assert silent_wall(row, marks(p0=(95, True), p1=(97, False)), IDLE_MS) is None
