"""What the join knows of one partition, in RocksDB: a view of the two topics, made anew from them when it is lost."""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import structlog
from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, WriteBatch

from runtime.errors import OperatorError
from schemas.base import SourceRange

_FORMAT = 4
_META = b"m"
_CORRUPT = "CORRUPT"
"""A file of this name in the store's folder: it is damaged, the next start makes it anew."""
_WRITE_BUFFER_BYTES = 64 * 1_048_576
_BLOCK_CACHE_BYTES = 64 * 1_048_576
_BLOOM_BITS = 10
_GONE = ("Corruption", "Invalid argument", "No such file", "NotFound")
"""What RocksDB's errors say when its files do not fit together."""

_logger = structlog.get_logger(__name__)


class StoreCorruptError(OperatorError):
    """The store cannot be read; the next start rebuilds it."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the store has come."""

    positions: dict[str, int] = field(default_factory=dict)
    """By topic: the next offset. Empty for a new store: the oldest record that is retained is the next."""
    predictions_ms: int = 0
    labels_ms: int = 0
    """Watermarks: the newest event time read of each partition."""
    expired: bytes = b""
    """The last expiry key whose predictions were deleted."""
    waiting: int = 0
    """Labels that wait for their prediction."""
    noted: tuple[int, int] = (0, 0)
    """A wall clock, and the watermark of predictions then; both in milliseconds."""

    @property
    def low_ms(self) -> int:
        """What both partitions have passed."""
        return min(self.predictions_ms, self.labels_ms)

    def packed(self, sources: list[list[Any]]) -> bytes:
        """As the store keeps it."""
        rest = (self.positions, self.predictions_ms, self.labels_ms, self.expired.hex(), self.waiting, self.noted)
        return json.dumps([_FORMAT, sources, *rest]).encode()


class JoinStore:
    """The store of one partition. Opens when made.

    A store that is lost, corrupt, of another format, or of other topics is wiped: its positions are then empty. Raises
    OperatorError when it cannot be opened for another reason, and ValueError when the two sources are not partitioned
    alike.
    """

    def __init__(self, path: Path, predictions: SourceRange, labels: SourceRange) -> None:
        """The sources' offsets do not matter here."""
        if (predictions.partition, predictions.partitions) != (labels.partition, labels.partitions):
            raise ValueError("predictions and labels are joined partition by partition: give them equally many")
        self.path = path
        self.sources = (predictions, labels)
        self._names = [[one.topic, one.topic_id, one.partition, one.partitions] for one in self.sources]
        self.state = State()
        self._db = self._open()

    def positions(self) -> dict[str, int]:
        """By topic: the offset to read next. Empty for a new store: read from the oldest record retained."""
        return dict(self.state.positions)

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, None where there is none; one multi-get. Raises StoreCorruptError."""
        with self._intact():
            return cast("list[bytes | None]", self._db[list(keys)]) if keys else []

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in [begin, end), in order. Raises StoreCorruptError."""
        with self._intact():
            rows = self._db.iter()
            rows.seek(begin)
            while rows.valid() and (key := cast("bytes", rows.key())) < end:
                yield key, cast("bytes", rows.value())
                rows.next()
            rows.status()  # raises where a damaged block, not the last row, ended them

    def write(self, batch: WriteBatch, state: State) -> None:
        """Writes a batch and the state it leads to, both or neither.

        Raises OperatorError where the disk refuses, and StoreCorruptError where merging files has found damage.
        """
        batch.put(_META, state.packed(self._names))
        try:
            with self._intact():
                self._db.write(batch)
        except StoreCorruptError:
            raise
        except Exception as error:
            raise OperatorError(
                f"the join's store {self.path} cannot be written: {error}",
                "see to the disk's space, then start again: what is missing is replayed",
            ) from error
        self.state = state

    def close(self) -> None:
        """Flushes and closes. Raises StoreCorruptError where merging files has found damage."""
        with self._intact():
            self._db.close()

    def wipe(self, reason: str = "asked for") -> None:
        """Empties the store: it starts again from the oldest record retained."""
        self.close()
        self._db = self._fresh(reason)

    def size_bytes(self) -> int:
        """What it takes on disk and, not yet written there, in memory; about."""
        names = ("rocksdb.total-sst-files-size", "rocksdb.cur-size-all-mem-tables")
        return sum(self._db.property_int_value(name) or 0 for name in names)

    def _open(self) -> Rdict:
        if not self.path.exists():
            return self._fresh("there is none")
        if (self.path / _CORRUPT).exists():
            return self._fresh("it was found damaged")
        db = None
        try:
            db = Rdict(str(self.path), _options())
            meta = db.get(_META)
        except Exception as error:
            if db is not None:
                db.close()  # else it keeps the folder locked
            if not any(sign in str(error) for sign in _GONE):
                raise OperatorError(
                    f"the join's store {self.path} cannot be opened: {error}",
                    "run one process a slot, and check the disk's space and permissions",
                ) from error
            return self._fresh(str(error))
        reason = self._load(meta)
        if reason:
            db.close()
            return self._fresh(reason)
        return db

    def _load(self, meta: bytes | None) -> str:
        """Takes the state over; returns what speaks against it, empty if nothing does."""
        if meta is None:
            return "it is empty"
        version, names, *rest = json.loads(meta)
        if version != _FORMAT:
            return f"its format is {version}, not {_FORMAT}"
        if names != self._names:
            return f"it is of {names}, not of {self._names}"
        positions, predictions_ms, labels_ms, expired, waiting, noted = rest
        self.state = State(positions, predictions_ms, labels_ms, bytes.fromhex(expired), waiting, tuple(noted))
        return ""

    def _fresh(self, reason: str) -> Rdict:
        _logger.log(
            logging.WARNING if self.path.exists() else logging.INFO,
            "join_store_made",
            path=str(self.path),
            reason=reason,
            next_step="none: predictions and labels are read again from the oldest record retained, without output",
        )
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True)
        self.state = State()
        return Rdict(str(self.path), _options())

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Turns damage into an error that has the next start make the store anew."""
        try:
            yield
        except Exception as error:
            if "Corruption" not in str(error):
                raise
            (self.path / _CORRUPT).touch()
            raise StoreCorruptError(
                f"the join's store {self.path} is damaged: {error}", "start again: it is rebuilt; check the disk"
            ) from error


def batch_of(values: Mapping[bytes, bytes | None]) -> WriteBatch:
    """A write batch of values by key, None to delete it: in order, so that each finds its place near the last."""
    batch = WriteBatch(raw_mode=True)
    put, delete = batch.put, batch.delete
    for key in sorted(values):
        value = values[key]
        if value is None:
            delete(key)
        else:
            put(key, value)
    return batch


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003  a setter of RocksDB
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_max_background_jobs(2)
    options.set_allow_concurrent_memtable_write(False)  # one writer, whose batches are sorted
    options.set_compression_type(DBCompressionType.none())
    options.set_bottommost_compression_type(DBCompressionType.lz4())  # where nearly all rows are, once they are many
    options.set_keep_log_file_num(2)
    tables = BlockBasedOptions()
    tables.set_block_cache(Cache(_BLOCK_CACHE_BYTES))
    tables.set_bloom_filter(_BLOOM_BITS, block_based=False)  # most predictions are new: their look-up reads no block
    options.set_block_based_table_factory(tables)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_memtable_whole_key_filtering(True)
    return options
