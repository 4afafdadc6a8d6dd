"""A baseline whose rows have times carries what they teach the detector."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from driftline import baselines, datasets
from driftline.errors import CommandError
from driftline.parts import Parts
from schemas.baseline import Baseline
from stats.detector.season import Season

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def built(folder: Path, days: int, an_hour: int = 12, missing: int = 0) -> Baseline:
    """From rows at an even rate; the first `missing` have no time. Nights have another x than days."""
    rng = np.random.default_rng(4)
    times = [START + timedelta(hours=i / an_hour) for i in range(days * 24 * an_hour)]
    day = np.array([8 <= time.hour < 20 for time in times])
    table = pa.table({
        "x": rng.normal(size=len(times)) + day,
        "when": pa.array([None] * missing + times[missing:], pa.timestamp("us", tz="UTC")),
    })  # fmt: skip
    pq.write_table(table, folder / "rows.parquet")
    return baselines.build(datasets.read(folder / "rows.parquet"), "m", "1", Parts(time="when"))


def season(baseline: Baseline) -> Season:
    assert baseline.season is not None
    return Season.from_bytes(baseline.season)


def test_rows_of_two_weeks_and_more_teach_a_season(tmp_path: Path) -> None:
    found = season(built(tmp_path, 21))
    assert found.days == pytest.approx(21)
    assert found.panes.tolist() == [3] * 168
    assert found.volume == pytest.approx(np.full(168, 12.0), rel=0.05)
    assert found.counts.sum() == 21 * 24 * 12


def test_the_season_is_that_of_the_hours_of_the_week(tmp_path: Path) -> None:
    """Monday noon has larger x than Monday midnight. Hours of the week are counted from 1970, a Thursday."""
    found = season(built(tmp_path, 28, an_hour=60))
    monday = 4 * 24
    bins = np.arange(found.counts.shape[2])
    mean = [(found.counts[monday + hour, 0] * bins).sum() / found.counts[monday + hour, 0].sum() for hour in (0, 12)]
    assert mean[1] - mean[0] > 4


def test_less_than_two_weeks_teach_nothing(tmp_path: Path) -> None:
    assert built(tmp_path, 13).season is None


def test_rows_without_a_time_are_left_out_and_stay_in_the_reference(tmp_path: Path) -> None:
    baseline = built(tmp_path, 21, missing=500)
    assert season(baseline).counts.sum() == 21 * 24 * 12 - 500
    assert sum(baseline.columns[0].cells[: len(baseline.columns[0].edges) + 1]) == 21 * 24 * 12
    assert baseline.start_ms is not None
    assert baseline.start_ms > START.timestamp() * 1_000


def test_without_a_time_column_there_is_no_season(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": np.arange(1_000.0)}), tmp_path / "rows.parquet")
    assert baselines.build(datasets.read(tmp_path / "rows.parquet"), "m", "1", Parts()).season is None


@pytest.mark.parametrize("when", [[0] * 800, [1_767_600_000] * 800])
def test_numbers_that_are_no_milliseconds_since_1970_are_refused(tmp_path: Path, when: list[int]) -> None:
    """A zero is a time like any other, not a missing one."""
    pq.write_table(pa.table({"x": np.arange(800.0), "when": when}), tmp_path / "rows.parquet")
    with pytest.raises(CommandError, match="outside 2000 to 2100"):
        baselines.build(datasets.read(tmp_path / "rows.parquet"), "m", "1", Parts(time="when"))


def test_missing_times_in_a_column_of_floats_are_missing(tmp_path: Path) -> None:
    times = np.arange(800.0) * 3_600_000 + START.timestamp() * 1_000
    times[::7] = np.nan
    pq.write_table(pa.table({"x": np.arange(800.0), "when": times}), tmp_path / "rows.parquet")
    found = season(baselines.build(datasets.read(tmp_path / "rows.parquet"), "m", "1", Parts(time="when")))
    assert found.counts.sum() == np.isfinite(times).sum()
