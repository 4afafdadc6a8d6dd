"""Keys are placed as Kafka's Java client places them."""

import pytest

from runtime.log.partitioning import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    [  # UtilsTest.testMurmur2 of Apache Kafka, as unsigned numbers
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_agrees_with_java(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed % 2**32


def test_a_partition_is_within_bounds() -> None:
    assert {partition_of(b"%d" % number, 3) for number in range(100)} == {0, 1, 2}
