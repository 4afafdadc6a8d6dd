"""How the demo follows labels: what is judged, joined and in windows, day by day and month by month."""

from typing import Any

import pytest
from rich.console import Console

from driftline.demo.answers import Answers, months
from driftline.demo.monitor import DAY_MS, WEEK_MS
from driftline.demo.screen import Moment, screen
from driftline.demo.summary import by_month
from driftline.demo.track import Track
from schemas.base import SourceRange
from schemas.examples import examples
from schemas.ledger import Ledger
from schemas.performance_window import Estimate, Figure, PerformanceWindow

T0 = 1_356_998_400_000
EXAMPLE = next(
    PerformanceWindow.model_validate_json(value) for value in examples("windows") if b'"prediction_time"' in value
)


def day(
    number: int, accuracy: float | None = 0.8, made: int = 1_000, labelled: int = 900, **more: Any
) -> PerformanceWindow:
    start_ms = T0 + number * DAY_MS
    few = Figure(n=labelled, why_not=f"too few labels: {labelled} of 30")
    expected = Figure(value=0.82, low=0.8, high=0.84, n=made)
    return EXAMPLE.model_copy(
        update={
            "window_id": str(number), "revision": 0, "final": True, "start_ms": start_ms, "end_ms": start_ms + DAY_MS,
            "made": made, "labelled": labelled,
            "figures": {
                "accuracy": Figure(value=accuracy, n=labelled) if accuracy is not None else few,
                "auc": Figure(value=0.7, n=labelled),
                "coverage": Figure(value=labelled / made, n=made),
            },
            "estimate": Estimate(
                method="CBPE", n=made, figures={"accuracy": expected}, error={"accuracy": 0.02}, reliable=True
            ),
            **more,
        }
    )  # fmt: skip


def label_ledger(start: int, end: int, **counts: Any) -> bytes:
    source = SourceRange(topic="labels", topic_id="L", partition=0, partitions=1, start=start, end=end)
    counts.setdefault("counted", {"flights-delay": end - start})
    return Ledger(
        service="performance-join", source=source, wall_ms=T0, records=end - start, events=end - start, **counts
    ).to_json()


def shown(renderable: Any, width: int = 160) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  closed with the process
    console.print(renderable)
    return console.export_text()


def test_labels_that_wait_are_judged_when_their_prediction_comes() -> None:
    track = Track()
    for _ in range(2):  # a range that is read twice counts once
        track.take("ledger", label_ledger(0, 10, counted={"flights-delay": 7}, waiting=2, dead={"ORPHAN": 1}))
    assert (track.labels, track.joined) == (8, 7)
    track.take("ledger", label_ledger(10, 10, counted={"flights-delay": 1}, waiting=-1))
    track.take("ledger", label_ledger(10, 10, counted={"flights-delay": 1}, waiting=-1))
    assert (track.labels, track.joined) == (10, 9)
    assert (track.counted, track.late) == (0, 0)


def test_a_run_is_settled_when_every_pair_stands_in_a_closed_day_or_came_too_late() -> None:
    track = Track()
    track.take("ledger", label_ledger(0, 903))
    assert not track.settled(0, 903)
    track.take("windows", day(0, final=False).to_json())
    assert not track.settled(0, 903)
    track.take("windows", day(0, revision=1).to_json())
    assert not track.settled(0, 903)
    source = SourceRange(topic="predictions+labels", topic_id="P+L", partition=0, partitions=1, start=0, end=9)
    late = Ledger(
        service="performance-windows", source=source, wall_ms=T0, records=0, events=3, counted={},
        late={"flights-delay": 3},
    )  # fmt: skip
    track.take("ledger", late.to_json())
    assert track.settled(0, 903)
    assert not track.settled(0, 904)


def test_only_the_newest_revision_of_whole_days_by_prediction_time_counts() -> None:
    answers = Answers()
    for window in (
        day(0, revision=2),
        day(0, revision=1, labelled=1),
        day(1, segment="origin=JFK"),
        day(1, by="label_time"),
        day(1, size_ms=WEEK_MS),
    ):
        answers.take(window)
    assert answers.labelled == 900
    assert answers.newest is not None
    assert answers.newest.revision == 2


def test_the_newest_day_is_the_last_closed_one_with_labels() -> None:
    answers = Answers()
    for window in (day(0), day(1), day(2, labelled=0), day(3, final=False)):
        answers.take(window)
    assert answers.newest is not None
    assert answers.newest.start_ms == T0 + DAY_MS
    assert not answers.closed


def test_a_month_s_accuracy_is_that_of_all_its_labels() -> None:
    january, february = months(
        [day(0, 0.5, labelled=100), day(1, 0.8, labelled=300), day(2, None, labelled=7), day(31)]
    )
    assert (january.number, february.number) == (1, 2)
    assert january.accuracy == pytest.approx((0.5 * 100 + 0.8 * 300) / 400)
    assert (january.labelled, january.coverage) == (407, pytest.approx(407 / 3_000))
    assert (january.expected, january.error) == (pytest.approx(0.82), pytest.approx(0.02))


def test_a_month_without_figures_has_none() -> None:
    (january,) = months([day(0, None, labelled=0, figures={}, estimate=None)])
    assert (january.accuracy, january.expected, january.error, january.auc) == (None, None, None, None)


def test_the_summary_has_a_column_for_each_month() -> None:
    answers = Answers()
    for number in range(0, 365, 10):
        answers.take(day(number))
    text = shown(by_month(answers))
    assert text.splitlines()[1].split() == [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]  # fmt: skip
    assert "expected before labels" in text
    assert "+0.020" in text
    assert by_month(Answers()) == "No window of performance has labels: how good the answers were is not known."


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_screen_says_how_good_the_last_day_was_beside_the_week_held_out(width: int) -> None:
    track = Track()
    moment = Moment(
        sent=0, total=9, time_ms=T0, speed=1.0, events_per_s=0.0, track=track, holdout={"accuracy": 0.79, "auc": 0.67}
    )
    before = shown(screen(moment, width, 40), width)
    assert "Answers: no labels yet; on the week held out accuracy 0.79" in before
    track.take("windows", day(3).to_json())
    text = shown(screen(moment, width, 40), width)
    assert max(map(len, text.splitlines())) <= width
    assert "Answers  2013-01-04  accuracy 0.80, 0.79 held out" in text
    assert "labels 90.0 %, delay 2.5 h / 5.9 h" in text
    assert ("0.82 expected, AUC 0.70   labels" in text) == (width >= 120)
