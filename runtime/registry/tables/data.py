"""What was trained and judged on."""

from sqlalchemy import BigInteger
from sqlmodel import Field

from runtime.registry.tables.base import Bigint, Fact, Key, OptionalBigint, check, sha256, time_ms


class Dataset(Fact, table=True):
    """Rows that were put together once; the digest is of their contents."""

    __tablename__ = "dataset"
    __table_args__ = (
        sha256("digest"),
        check("row_count", "row_count >= 0"),
        check("order", "start_ms <= end_ms"),
        time_ms("start_ms"),
        time_ms("end_ms"),
        time_ms("registered_ms"),
    )

    digest: Key
    row_count: Bigint
    start_ms: OptionalBigint
    """Event time of the first row; null where rows have none."""
    end_ms: OptionalBigint
    registered_ms: Bigint


class DatasetRange(Fact, table=True):
    """The half-open range of offsets of one partition that rows of a dataset came from."""

    __tablename__ = "dataset_range"
    __table_args__ = (
        check("partition", "partition >= 0 AND partition < partitions"),
        check("offsets", "start_offset >= 0 AND start_offset <= end_offset"),
        check("order", "start_ms <= end_ms"),
        time_ms("start_ms"),
        time_ms("end_ms"),
    )

    dataset_digest: str = Field(primary_key=True, foreign_key="dataset.digest")
    topic_id: Key
    """The broker's id: a topic deleted and made anew has another."""
    partition: int = Field(primary_key=True)
    start_offset: int = Field(primary_key=True, sa_type=BigInteger)
    end_offset: Bigint
    topic: str
    partitions: int
    start_ms: OptionalBigint
    """Event time of the range's first row."""
    end_ms: OptionalBigint
