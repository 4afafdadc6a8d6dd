"""Two series of one model share a partition, its marks and nothing else."""

from itertools import pairwise
from typing import Any

import pytest

from runtime.windows import closing
from runtime.windows.book import Book
from runtime.windows.partition import GapError, TornError
from schemas.ledger import Ledger
from tests.unit.windows.outcomes import RULES, T0, Tier, finals, mark, outcome

EARLY_MS = RULES.early


def test_each_series_closes_by_its_own_event_time() -> None:
    """Labels lie days behind predictions: neither waits for the other, and neither makes the other's late."""
    tier = Tier()
    windows = tier.take(
        outcome("prediction_time", 0, 10, (9_000, 5), (9_002, 1)),
        outcome("label_time", 0, 10, (0, 3), (1, 3), (3, 1)),
        mark(0, 10),
    )
    assert finals(windows, "prediction_time") == {9_000: 5}
    assert finals(windows, "label_time") == {0: 3, 1: 3}
    assert {w["model"] for w in windows} == {"m"}
    assert tier.ledger == []


def test_a_restart_finds_both_series_and_their_model_again() -> None:
    """Rows carry the series' name: after a restart it goes on where it was, and counts nothing twice."""
    tier = Tier()
    first = [outcome("prediction_time", 0, 10, (0, 5)), outcome("label_time", 0, 10, (7, 3)), mark(0, 10)]
    tier.take(*first)
    tier.restart()
    tier.take(*first)
    windows = tier.take(
        outcome("prediction_time", 10, 20, (0, 2), (2, 1)), outcome("label_time", 10, 20, (7, 1), (9, 1)), mark(10, 20)
    )
    assert finals(windows, "prediction_time") == {0: 7}
    assert finals(windows, "label_time") == {7: 4}
    assert {w["model"] for w in windows} == {"m"}


def test_a_window_can_tell_how_far_the_other_series_has_come() -> None:
    tier = Tier()
    windows = tier.take(
        outcome("prediction_time", 0, 10, (0, 5), (2, 1)), outcome("label_time", 0, 10, (1, 3)), mark(0, 10)
    )
    (final,) = (w for w in windows if w["final"] and w["series"] == "prediction_time/m")
    assert final["labels_until_ms"] == T0 + 60_000


def test_what_one_series_has_noted_the_next_one_reads_within_the_same_mark() -> None:
    """A row is not stored before the mark is through: catches a detector's step that its sibling's window misses."""
    seen: list[tuple[str, bytes | None]] = []

    def over(book: Book, _windows: list[Any], _rules: object) -> None:
        labels = book.beside["label_time/m"]
        if book is labels:
            book.put(b"stepped", "note", "1")
        seen.append((book.series, labels.get("note", "1")))

    tier = Tier({"over": over})
    tier.take(outcome("prediction_time", 0, 10, (0, 5)), outcome("label_time", 0, 10, (0, 3)), mark(0, 10))
    assert seen == [("label_time/m", b"stepped"), ("prediction_time/m", b"stepped")]


def test_a_correction_takes_away_and_makes_the_next_revision() -> None:
    """A corrected label: one pair leaves the minute it was counted in and comes to another."""
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, (0, 5), (3, 1)), mark(0, 10))
    windows = tier.take(
        outcome("prediction_time", 10, 20, (0, -1), (1, 1), (3, 0)), mark(10, 20, wall_ms=T0 + EARLY_MS)
    )
    corrected = {w["minute"]: (w["n"], w["cells"], w["revision"], w["correction"]) for w in windows if w["final"]}
    assert corrected == {0: (4, 4, 1, True), 1: (1, 1, 0, False)}


def test_what_was_torn_is_taken_away_from_its_own_series_only() -> None:
    """Both series have [0, 10) of an aborted yet visible transaction; its range comes again, longer."""
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, (0, 5)), outcome("label_time", 0, 10, (0, 3)))
    windows = tier.take(
        outcome("prediction_time", 0, 15, (0, 6), (2, 1)), outcome("label_time", 0, 15, (0, 4), (2, 1)), mark(0, 15)
    )
    assert finals(windows, "prediction_time") == {0: 6}
    assert finals(windows, "label_time") == {0: 4}


def test_a_torn_range_that_is_gone_from_the_topic_stops_the_service() -> None:
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, (0, 5)))
    tier.taken.clear()
    with pytest.raises(TornError, match="rebuild from `outcomes`"):
        tier.take(outcome("prediction_time", 0, 15, (0, 6)))


def test_a_gap_names_offsets_and_service() -> None:
    tier = Tier()
    tier.take(mark(0, 10))
    with pytest.raises(GapError, match=r"offsets 10 to 12 .* were never joined.*performance-windows"):
        tier.take(mark(12, 20))


def test_late_pairs_are_accounted_for_and_corrections_that_come_too_late_are_none() -> None:
    """The ledger counts events; a pair that can no longer be taken away stays where it was counted."""
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, (0, 5), (900, 1)), mark(0, 10))
    tier.take(outcome("prediction_time", 10, 20, (0, 4)), outcome("prediction_time", 20, 30, (0, -1)))
    (record,) = tier.ledger
    assert Ledger.model_validate_json(record.value).late == {"m": 4}


def test_hooks_come_before_final_windows_and_after_the_rows() -> None:
    """What a service does with a window that is over is done once it is published, on rows that are complete."""
    seen: list[tuple[str, Any]] = []

    def over(book: Book, windows: list[Any], _rules: object) -> None:
        if windows:
            seen.append(("over", [window.start_ms - T0 for window in windows]))
            assert all(book.published(window) is None for window in windows)

    def merged(record: Any, book: Book, _rules: object) -> list[Any]:
        rows = [row for key in book.sums() if (row := book.sum(key)) is not None]
        seen.append(("merged", sum(row.n for row in rows)))
        assert book.row.positions.get(record.source.key) is None
        return []

    tier = Tier({"over": over, "merged": merged})
    tier.take(outcome("prediction_time", 0, 10, (1, 5), (0, 2), (9, 1)), mark(0, 10))
    assert seen == [("merged", 8), ("over", [0, 60_000])]


def test_heavy_corrections_are_published_in_shares_and_each_window_not_too_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Labels of a whole day at once: no mark publishes more than its room, none is forgotten."""
    monkeypatch.setattr(closing, "WINDOWS_A_MARK", 7)
    tier = Tier()
    tier.take(outcome("prediction_time", 0, 10, *((minute, 1) for minute in range(21)), (40, 1)))
    for second in range(5):
        tier.take(mark(0, 10 + second))
    offset, wall_ms, counts = 14, T0 + 60_000, dict.fromkeys(range(20), 0)
    published: dict[int, list[int]] = {}
    for second in range(30):
        wall_ms += 1_000
        changes = ((minute, 1) for minute in range(20))
        windows = tier.take(
            outcome("prediction_time", offset, offset + 1, *changes, (40, 0), wall_ms=wall_ms)
            if second < 15
            else outcome("prediction_time", offset, offset + 1, (40, 0), wall_ms=wall_ms),
            mark(offset, offset + 1, wall_ms=wall_ms),
        )
        offset += 1
        corrections = [w for w in windows if w["correction"]]
        assert len(corrections) <= 7
        for window in corrections:
            published.setdefault(window["minute"], []).append(second)
            counts[window["minute"]] = window["n"]
    assert counts == dict.fromkeys(range(20), 16)
    gaps = {after - before for times in published.values() for before, after in pairwise(times)}
    assert min(gaps) * 1_000 >= EARLY_MS
