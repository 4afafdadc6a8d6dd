"""What the demo knows of its run, from records in any order and repetition; and what it draws of it."""

import math

import pytest
from rich.console import Console

from driftline.demo.display import Rate, display
from driftline.demo.monitor import DAY_MS, WEEK_MS
from driftline.demo.screen import Moment, line, screen
from driftline.demo.summary import incidents, summary
from driftline.demo.track import Track
from schemas.alert import Alert, Evidence
from schemas.base import SourceRange
from schemas.ledger import Ledger
from schemas.window import ColumnWindow, Latency, Window

T0 = 1_356_998_400_000


def ledger(start: int, end: int, dead: int = 0) -> bytes:
    source = SourceRange(topic="predictions", topic_id="A", partition=0, partitions=1, start=start, end=end)
    return Ledger(
        service="drift-fold",
        source=source,
        wall_ms=T0,
        records=end - start,
        events=end - start,
        counted={"flights-delay": end - start - dead},
        dead={"SCHEMA": dead} if dead else {},
    ).to_json()


def column(psi_adj: float | None) -> ColumnWindow:
    outcome = "ok" if psi_adj is not None else "too_few"
    return ColumnWindow(outcome=outcome, n=900, kind="numeric", psi=psi_adj, psi_adj=psi_adj, missing_rate=0.01)  # type: ignore[arg-type]  # made from loose values


def window(start_ms: int, size_ms: int = DAY_MS, n: int = 900, psi_adj: float | None = 0.3, **more: object) -> bytes:
    fields: dict[str, object] = {
        "window_id": f"{size_ms}/{start_ms}", "revision": 0, "final": True, "model": "flights-delay", "version": "1",
        "segment": "", "start_ms": start_ms, "end_ms": start_ms + size_ms, "size_ms": size_ms, "pane_ms": 3_600_000,
        "baseline_digest": "0" * 16, "n": n, "violations": {}, "last_ms": start_ms, "status": {"2xx": n - 9, "5xx": 9},
        "latency_ms": Latency(n=n, p50=18.0, p95=35.0, p99=50.0),
        "features": {f"feature_{i}": column(psi_adj) for i in range(17)}, "prediction": column(0.05),
        "score": column(None),
        "prediction_week": None, "top_features": ("feature_0",),
    }  # fmt: skip
    return Window(**{**fields, **more}).to_json()  # type: ignore[arg-type]  # made from loose values


def alert(number: int, state: str = "firing", severity: str = "message", revision: int = 0) -> bytes:
    evidence = Evidence(
        window_id="w", revision=0, start_ms=T0, end_ms=T0 + WEEK_MS, metric="psi_adj", value=0.31, bound=0.2, n=900
    )
    return Alert(
        alert_id=f"a{number}", state=state, revision=revision, severity=severity, rule="drift", model="flights-delay",  # type: ignore[arg-type]  # made from loose values
        version="1", segment="", feature=f"feature_{number}", summary=f"feature_{number} has drifted: PSI 0.31.",
        baseline_digest=None, evidence=evidence, first_seen_ms=T0 + number * 30 * DAY_MS, last_seen_ms=T0 + WEEK_MS,
        resolved_ms=T0 + WEEK_MS if state == "resolved" else None,
    ).to_json()  # fmt: skip


def test_a_record_read_twice_counts_once() -> None:
    track = Track()
    for _ in range(2):
        track.take("ledger", ledger(0, 10))
        track.take("windows", window(T0))
        track.take("alerts", alert(1))
    assert (track.counted, track.final_windows, track.in_windows, len(track.firing)) == (10, 1, 900, 1)


def test_an_older_revision_after_a_newer_changes_nothing() -> None:
    track = Track()
    track.take("windows", window(T0, n=900, revision=3))
    track.take("windows", window(T0, n=500, revision=2, final=False))
    track.take("alerts", alert(1, "resolved", revision=1))
    track.take("alerts", alert(1, "firing", revision=0))
    assert track.in_windows == 900
    assert track.firing == []


def test_segments_close_windows_but_their_events_are_not_counted_again() -> None:
    track = Track()
    track.take("windows", window(T0))
    track.take("windows", window(T0, window_id="s", segment="origin=JFK", n=300))
    assert (track.final_windows, track.in_windows) == (2, 900)


def test_a_run_is_settled_when_all_that_was_sent_stands_in_closed_days() -> None:
    track = Track()
    track.take("ledger", ledger(0, 901, dead=1))
    track.take("dead-letters", b'{"reason": "SCHEMA", "service": "drift-fold"}')
    track.take("dead-letters", b'{"reason": "ORPHAN", "service": "performance-join"}')
    assert not track.settled(901, 0)
    track.take("windows", window(T0, final=False))
    assert not track.settled(901, 0)
    track.take("windows", window(T0, revision=1))
    assert track.settled(901, 0)
    assert not track.settled(902, 0)
    assert not track.settled(901, 1)


def test_pages_stand_before_messages_and_newer_before_older() -> None:
    track = Track()
    for number, severity in ((1, "message"), (2, "page"), (3, "message")):
        track.take("alerts", alert(number, severity=severity))
    assert [firing.alert_id for firing in track.firing] == ["a2", "a3", "a1"]


def moment(track: Track) -> Moment:
    return Moment(
        sent=1_200, total=336_776, time_ms=T0, speed=150_000.0, events_per_s=1_600.0, track=track,
        holdout={"accuracy": 0.79, "auc": 0.67},
    )  # fmt: skip


def full() -> Track:
    track = Track()
    track.take("ledger", ledger(0, 1_000))
    for day in range(30):
        track.take("windows", window(T0 + day * DAY_MS))
        track.take("windows", window(T0 + day * DAY_MS, WEEK_MS, psi_adj=day / 30))
    for number in range(8):
        track.take(
            "alerts", alert(number, "resolved" if number % 3 == 0 else "firing", "page" if number == 4 else "message")
        )
    return track


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 40), (220, 60)])
@pytest.mark.parametrize("track", [Track(), full()], ids=["empty", "full"])
def test_the_screen_fits_terminals_of_any_size(width: int, height: int, track: Track) -> None:
    console = Console(width=width, height=height, record=True, force_terminal=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed with the process
    console.print(screen(moment(track), width, height))
    drawn = console.export_text().splitlines()
    assert max(map(len, drawn)) <= width
    assert len(drawn) < height or width < 80  # narrower ones fold lines, and lose the last
    assert "2013-01-01 00:00 UTC" in "\n".join(drawn)


def test_the_screen_shows_incidents_in_words_and_the_features_in_their_order() -> None:
    console = Console(width=140, height=40, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed with the process
    console.print(screen(moment(full()), 140, 40))
    text = console.export_text()
    assert "◆ page" in text
    assert "feature_4 has drifted: PSI 0.31." in text
    assert text.index("feature_0 ") < text.index("feature_1 ")
    assert "5 open incidents, 3 resolved" in text
    assert "too few" in text


def test_the_line_for_pipes_says_the_same() -> None:
    said = line(moment(full()))
    assert "counted 1,000" in said
    assert "waiting 200" in said
    assert "open incidents 5 (1 page)" in said


def test_lines_come_every_two_seconds_and_repeat_less_often() -> None:
    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed with the process
    with display(console, live=False) as show:
        for second in range(12):
            show(moment(Track()), float(second))
    assert len(console.export_text().splitlines()) == 2


def test_the_rate_is_that_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.at(0.0, 0) == 0
    assert rate.at(1.0, 1_000) == 1_000
    for second in range(2, 20):
        rate.at(float(second), 1_000)
    assert rate.at(20.0, 1_000) == 0
    assert math.isfinite(Rate().at(5.0, 10))


def test_the_summary_counts_incidents_by_month_and_feature() -> None:
    console = Console(width=140, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed with the process
    console.print(summary(full(), 1_000, 900, 10.0, complete=False))
    text = console.export_text()
    assert "The run, interrupted" in text
    assert "8, 1 of them pages" in text
    assert "feature_2" in text
    assert incidents([]) == "No incidents."
