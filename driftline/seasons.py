"""What the times of the training rows teach the drift detector."""

from driftline.datasets import Dataset
from driftline.folding import columns_of
from stats.detector.training_season import season_of_rows
from stats.reference import Reference


def season(data: Dataset, time: str, reference: Reference) -> bytes | None:
    """The season of the rows, hour by hour; None where they span less than two weeks.

    Rows without a time, or more than 400 days older than the newest, are left out. Raises CommandError for a column
    that holds no times.
    """
    found = season_of_rows(reference, columns_of(data, reference.columns), data.times_ms(time))
    return None if found is None else found.to_bytes()
