"""The store: opened, lost, damaged, of another topic; always behind what was committed, never ahead."""

from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.errors import OperatorError
from services.performance.join.store import JoinStore, StoreCorruptError, batch_of
from tests.unit.performance_join.stream import T0, Reader, label, prediction, source


def filled(path: Path) -> Reader:
    reader = Reader(path, [prediction(n, T0 + n) for n in range(300)], [label(n, T0 + n, 1.0) for n in range(300)])
    reader.read(200, 100)
    return reader


def test_a_store_opened_again_knows_its_positions_and_rows(tmp_path: Path) -> None:
    reader = filled(tmp_path / "s")
    with capture_logs() as logs:
        reader.restart()
    assert logs == []
    assert reader.store.positions() == {"predictions": 200, "labels": 100}
    reader.drain()
    assert sum(reader.joined.values()) == 300


def test_a_batch_committed_and_not_applied_is_replayed_in_silence(tmp_path: Path) -> None:
    reader = filled(tmp_path / "s")
    reader.read(50, 50, crash=True)
    assert reader.store.positions() == {"predictions": 200, "labels": 100}
    reader.restart()
    assert reader.store.positions() == {"predictions": 250, "labels": 150}
    reader.drain()
    assert sum(reader.joined.values()) == 300


def scribble(path: Path) -> None:
    """Damages every file that holds rows or says where they are."""
    for file in path.iterdir():
        if file.suffix == ".sst" or file.name.startswith("MANIFEST"):
            file.write_bytes(b"\xff" * file.stat().st_size)


@pytest.mark.parametrize("harm", ["deleted", "scribbled", "current lost", "sst lost", "manifest lost"])
def test_a_store_that_is_lost_or_damaged_is_rebuilt_and_says_so(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "s"
    reader = filled(path)
    reader.store.close()
    match harm:
        case "deleted":
            path.rename(tmp_path / "away")
        case "scribbled":
            scribble(path)
        case "current lost":
            (path / "CURRENT").unlink()
        case "sst lost":
            next(path.glob("*.sst")).unlink()
        case "manifest lost":
            next(path.glob("MANIFEST*")).unlink()
    with capture_logs() as logs:
        reader.open()
    assert [entry["event"] for entry in logs] == ["join_store_made"]
    assert reader.store.positions() == {}
    reader.restart()
    reader.drain()
    assert sum(reader.joined.values()) == 300


def test_damage_found_while_reading_halts_and_the_next_start_rebuilds(tmp_path: Path) -> None:
    path = tmp_path / "s"
    reader = filled(path)
    reader.store.close()
    (table,) = path.glob("*.sst")
    table.write_bytes(b"\xff" * 2_048 + table.read_bytes()[2_048:])  # rows; the index at the end is whole
    reader.open()
    with pytest.raises(StoreCorruptError, match="start again: it is rebuilt"):
        reader.read(100, 200)
    reader.restart()
    assert reader.store.positions() == {"predictions": 200, "labels": 100}
    reader.drain()
    assert sum(reader.joined.values()) == 300


@pytest.mark.parametrize("other", [{"topic_id": "anew"}, {"partition": 1}])
def test_the_store_of_another_topic_or_partition_is_rebuilt(tmp_path: Path, other: dict[str, int | str]) -> None:
    filled(tmp_path / "s").store.close()
    with capture_logs() as logs:
        store = JoinStore(tmp_path / "s", source("predictions", **other), source("labels", **other))
    assert store.positions() == {}
    assert "it is of" in logs[0]["reason"]


def test_a_store_in_use_is_left_alone(tmp_path: Path) -> None:
    reader = filled(tmp_path / "s")
    with pytest.raises(OperatorError, match="run one process a slot"):
        reader.open()
    reader.store.close()
    reader.open()
    assert reader.store.positions() == {"predictions": 200, "labels": 100}


def test_topics_partitioned_differently_cannot_be_joined(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="partition by partition"):
        JoinStore(tmp_path / "s", source("predictions"), source("labels", partition=1))


def with_a_spoilt_block(path: Path, about: bytes = b"i") -> None:
    """Of a store that was closed: its table opens, and the first block that holds these bytes cannot be read."""
    (table,) = path.glob("*.sst")
    rows = table.read_bytes()
    table.write_bytes(rows.replace(about, b"\xff" * len(about), 1))


def test_a_store_whose_state_cannot_be_read_is_rebuilt_at_once(tmp_path: Path) -> None:
    """Catches a store that was still open, and locked, when it was to be made anew."""
    reader = filled(tmp_path / "s")
    reader.store.close()
    with_a_spoilt_block(tmp_path / "s", b"predictions-id")
    with capture_logs() as logs:
        reader.open()
    assert ["Corruption" in entry["reason"] for entry in logs] == [True]
    reader.restart()
    reader.drain()
    assert sum(reader.joined.values()) == 300


def test_rows_that_end_at_a_damaged_block_are_not_taken_for_all(tmp_path: Path) -> None:
    """Catches labels that were never given up, and predictions never expired: the iterator ended as at the last row."""
    reader = filled(tmp_path / "s")
    reader.store.close()
    with_a_spoilt_block(tmp_path / "s")
    reader.open()
    with pytest.raises(StoreCorruptError, match="start again: it is rebuilt"):
        list(reader.store.scan(b"i", b"j"))
    reader.restart()
    assert sum(1 for _ in reader.store.scan(b"i", b"j")) == 200


def test_damage_found_while_files_are_merged_is_not_met_again_at_every_start(tmp_path: Path) -> None:
    """Catches a store that opened each time, and refused each time to be written."""
    reader = filled(tmp_path / "s")
    reader.store.close()
    with_a_spoilt_block(tmp_path / "s")
    reader.open()
    with suppress(Exception):  # RocksDB says so here, or keeps it for the next write
        reader.store._db[b"i"] = b""
        reader.store._db.compact_range(None, None)
    with pytest.raises(StoreCorruptError, match="start again: it is rebuilt"):
        reader.store.write(batch_of({}), reader.store.state)
    with pytest.raises(StoreCorruptError):
        reader.store.close()
    reader.open()
    reader.restart()
    reader.drain()
    assert sum(reader.joined.values()) == 300
