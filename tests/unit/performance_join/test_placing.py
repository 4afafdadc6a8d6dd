"""A batch of keys is placed as one key is."""

import random

import pytest

from runtime.log.partitioning import partition_of
from services.performance.join.placing import partitions_of


@pytest.mark.parametrize("partitions", [1, 4, 7, 1_000])
def test_many_keys_are_placed_as_one(partitions: int) -> None:
    rng = random.Random(1)
    keys = [rng.randbytes(size) for size in (*range(40), 256, 16, 16, 36, 1_024)]
    assert partitions_of(keys, partitions).tolist() == [partition_of(key, partitions) for key in keys]


def test_no_keys_have_no_places() -> None:
    assert partitions_of([], 4).tolist() == []
