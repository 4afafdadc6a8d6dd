"""`driftline performance`: windows chosen, shown beside what was expected, and what is lacking said in words."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from driftline import reading
from driftline.history import Choice
from driftline.label_status import label_status, label_tables
from driftline.performance import Found, chosen, delays, next_step, performance_table, state_of
from driftline.performance_detail import concept_words, detail
from schemas.examples import examples
from schemas.monitor import Monitor
from schemas.performance_window import Figure, PerformanceWindow
from schemas.window import Window

DAY = 86_400_000
HORIZON = 3 * DAY
WINDOWS = [
    PerformanceWindow.model_validate_json(value)
    for value in examples("windows")
    if not reading.is_other("windows", PerformanceWindow, value)
]
COHORT = next(window for window in WINDOWS if window.by == "prediction_time")
BY_LABEL = next(window for window in WINDOWS if window.by == "label_time")
MODEL = COHORT.model


def like(window: PerformanceWindow = COHORT, **changes: Any) -> PerformanceWindow:
    return window.model_copy(update=changes)


def found(*windows: PerformanceWindow, every: Any = None) -> Found:
    return Found(windows, windows if every is None else every, Monitor(model=MODEL))


def shown(*renderables: Any, width: int = 160) -> str:
    out = StringIO()
    Console(file=out, width=width, highlight=False).print(*renderables, sep="\n")
    return out.getvalue()


def words(*renderables: Any) -> str:
    return " ".join(shown(*renderables).split())


FEW = {
    "accuracy": Figure(n=12, why_not="too few labels: 12 of 30"),
    "coverage": Figure(value=0.013, low=0.007, high=0.02, n=914),
}


def test_each_record_of_the_topic_is_passed_over_by_every_reader_but_its_own() -> None:
    for value in examples("windows"):
        readers = [model for model in (Window, PerformanceWindow) if not reading.is_other("windows", model, value)]
        assert len(readers) == 1
        assert readers[0].model_validate_json(value)


@pytest.mark.parametrize("value", [b"{}", b"no json", b'{"schema": "driftline.window/9"}', b'{"schema": 3}'])
def test_what_the_catalogue_does_not_know_is_an_error_and_not_passed_over(value: bytes) -> None:
    assert not reading.is_other("windows", Window, value)


def test_windows_are_chosen_by_time_segment_and_size_and_the_newest_are_kept() -> None:
    days = [like(start_ms=n * DAY, end_ms=(n + 1) * DAY) for n in (16_003, 16_001, 16_002)]
    every = [*days, like(segment="origin=JFK"), like(size_ms=7 * DAY), like(version="2"), BY_LABEL]
    choice = Choice(MODEL, version=COHORT.version, segment="", size_ms=DAY)
    assert [window.start_ms // DAY for window in chosen(every, choice, "prediction_time")] == [16_001, 16_002, 16_003]
    assert [window.start_ms // DAY for window in chosen(every, choice, "prediction_time", 2)] == [16_002, 16_003]
    assert chosen(every, Choice(MODEL), "label_time") == [BY_LABEL]
    assert chosen(every, Choice("another"), "prediction_time") == []


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"final": False}, "open"),
        ({"labels_until_ms": COHORT.end_ms}, "maturing"),
        ({"labels_until_ms": None}, "maturing"),
        ({"labels_until_ms": COHORT.end_ms + HORIZON}, "final"),
        ({"labelled": COHORT.made}, "final"),
        ({"by": "label_time"}, "final"),
    ],
)
def test_a_cohort_matures_until_its_last_label_may_have_come(changes: Any, state: str) -> None:
    assert state_of(like(**changes), HORIZON) == state


def test_a_line_has_the_figures_of_a_window_beside_what_was_expected_and_the_baseline() -> None:
    header, line = shown(performance_table([COHORT], Monitor(model=MODEL))).splitlines()
    for name in ("made", "labels", "coverage", "accuracy", "AUC", "expected", "gap", "delay P50 / P95", "revision"):
        assert name in header
    assert line.split("  ")[0] == "2013-01-02 00:00"
    for cell in ("914", "880", "96.3 %", "0.781 (0.752 – 0.807)", "0.701", "0.785", "-0.009", "2.5 h / 5.9 h", "4"):
        assert f" {cell} " in line
    assert line.endswith("maturing")


def test_a_regression_is_led_by_its_absolute_error_in_the_label_s_unit() -> None:
    figures = {"mae": Figure(value=1234.5, low=1200.0, high=1260.0, n=880), "r2": Figure(value=0.61, n=880)}
    header, line = shown(
        performance_table([like(task="regression", figures=figures)], Monitor(model=MODEL))
    ).splitlines()
    assert "MAE" in header
    assert "R²" in header
    assert "1,234.5 (1,200.0 – 1,260.0)" in line


def test_windows_by_label_time_have_neither_predictions_nor_coverage() -> None:
    _, line = shown(performance_table([BY_LABEL], Monitor(model=MODEL))).splitlines()
    assert line.split()[5:8] == ["all", "–", "52"]


@pytest.mark.parametrize(
    ("p50_s", "p95_s", "text"),
    [
        (None, None, "–"),
        (30.0, None, "30.0 s / –"),
        (90.0, 7_200.0, "1.5 min / 2.0 h"),
        (3_600.0, 2e5, "1.0 h / 2.3 d"),
    ],
)
def test_delays_are_told_in_one_unit_each(p50_s: float | None, p95_s: float | None, text: str) -> None:
    assert delays(p50_s, p95_s) == text


def test_what_is_lacking_is_said_with_the_next_step() -> None:
    assert next_step(MODEL, found(COHORT)) is None
    nothing = next_step(MODEL, found())
    assert nothing is not None
    assert nothing.startswith("No performance window of flights-delay yet. Next step: write one label a prediction")
    others = next_step(MODEL, found(every=[COHORT, BY_LABEL]))
    assert others is not None
    assert others.startswith("None of the 2 performance windows of flights-delay is meant. Next step: leave out --ver")
    unlabelled = next_step(MODEL, found(like(labelled=0, figures={})))
    assert unlabelled is not None
    assert unlabelled.startswith("The newest window has no labels yet for its 914 predictions. Next step: write one")
    few = next_step(MODEL, found(like(labelled=12, figures=FEW)))
    assert few is not None
    assert few.startswith("The newest window has too few labels: 12 of 30. Next step: wait for more labels")
    assert "fewer than 30 (`performance.min_labels`" in few


def test_no_labels_and_too_few_are_words_and_never_zeros() -> None:
    table = performance_table([like(labelled=0, figures={}), like(labelled=12, figures=FEW)], Monitor(model=MODEL))
    _, none, few = shown(table).splitlines()
    assert "no labels yet" in none
    assert "too few labels: 12 of 30" in few


def test_the_detail_holds_every_part_of_the_newest_window() -> None:
    text = words(detail(found(COHORT)))
    for part in (
        "2013-01-02 00:00 – 2013-01-03 00:00 UTC by prediction time: maturing",
        "labels 880 of 914 predictions (96.3 %), read until 2013-01-03 02:00 UTC",
        "delay half of them within 2 h 32 min, 95 of 100 within 5 h 55 min",
        "before labels CBPE over 914 predictions",
        "detector watching",
        "accuracy 0.781 (0.752 – 0.807) 880 0.790 -0.009 (-0.039 – 0.020) 0.785 (0.751 – 0.819) +0.005",
        "not known value: too few labels: 0 of 30",
        "late 0.610 (0.520 – 0.690)",
        "label \\ prediction on-time late on-time 602 55 late 138 85",
        "Fairness by carrier: on-time is favourable",
        "UA 300 0.850 (0.800 – 0.890) 0.920 (0.870 – 0.950) 0.600 (0.500 – 0.700)",
        "B6 -0.050 (-0.110 – 0.010) 0.940 (0.870 – 1.010) 0.050 (0.000 – 0.200) ● within limits",
    ):
        assert part in text


def test_figures_that_lack_labels_are_named_once_by_their_reason() -> None:
    few = Figure(n=12, why_not="too few labels: 12 of 30")
    one = Figure(n=3, why_not="too few labels: 3 of 30")
    window = like(figures={"accuracy": few, "brier": few, "auc": one}, estimate=None, by_class={"late": {"f1": one}})
    text = words(detail(found(window)))
    assert "not known accuracy, brier: too few labels: 12 of 30 AUC: too few labels: 3 of 30" in text
    assert "now less baseline" not in text
    assert "class" not in text


def test_the_newest_closed_window_is_told_rather_than_one_that_fills() -> None:
    fills = like(final=False, start_ms=COHORT.end_ms, end_ms=COHORT.end_ms + DAY, labelled=0, figures={})
    assert found(COHORT, fills).newest is COHORT
    assert found(fills).newest is fills
    assert next_step(MODEL, found(COHORT, fills)) is None


def test_concept_is_told_as_what_the_inputs_explain_and_what_they_do_not() -> None:
    assert COHORT.concept is not None
    assert concept_words(COHORT.concept) == (
        "mean loss 0.219 against 0.210 in the baseline: the inputs explain +0.004, like inputs are answered worse by "
        "0.005 (-0.022 – 0.033), p 0.41 (within chance); most responsible: on-time (80.0 %), origin=EWR (60.0 %)"
    )
    better = Figure(value=-0.05, low=-0.07, high=-0.03, n=880)
    changed = concept_words(
        COHORT.concept.model_copy(update={"by_concept": better, "worst_class": None, "p_value": None})
    )
    assert (
        "like inputs are answered better by -0.050 (-0.070 – -0.030) (a change); most responsible: origin=EWR"
        in changed
    )


def test_an_estimate_that_does_not_hold_any_more_says_so() -> None:
    assert COHORT.estimate is not None
    broken = COHORT.estimate.model_copy(update={"reliable": False})
    assert "does not hold: labels show that like inputs are answered otherwise" in words(
        detail(found(like(estimate=broken)))
    )
    none = COHORT.estimate.model_copy(
        update={"figures": {}, "error": {}, "why_not": "too few labelled reference rows: 8 of 9"}
    )
    assert "no estimate by CBPE: too few labelled reference rows: 8 of 9" in words(detail(found(like(estimate=none))))


def test_the_detector_s_findings_are_told_with_since_when() -> None:
    text = words(detail(found(BY_LABEL)))
    assert "detector like inputs are answered worse since 2013-01-02 16:00 UTC: 0.380 where 0.210 was expected" in text


def test_an_unfair_group_is_marked_with_the_limit_it_passes() -> None:
    (fairness,) = COHORT.fairness
    (disparity,) = fairness.disparities
    unfair = disparity.model_copy(update={"unfair": ("impact_ratio",)})
    text = words(detail(found(like(fairness=(fairness.model_copy(update={"disparities": (unfair,)}),)))))
    assert "◆ unfair by impact ratio" in text


def test_what_predictions_were_worth_is_told_of_every_version_and_segment_of_the_same_time() -> None:
    def worth(value: float, **changes: Any) -> PerformanceWindow:
        return like(
            figures={**COHORT.figures, "value": Figure(value=value, low=value - 1, high=value + 1, n=90)}, **changes
        )

    every = [
        worth(2.0), worth(3.0, version="2"), worth(4.0, segment="origin=[JFK]"),
        worth(9.0, start_ms=COHORT.start_ms - DAY), worth(9.0, by="label_time"),
    ]  # fmt: skip
    text = words(detail(found(every[0], every=every)))
    assert "value a prediction" in text
    assert "2013-02-11 all 2.000 (1.000 – 3.000) 90" in text
    assert "2013-02-11 origin=[JFK] 4.000 (3.000 – 5.000) 90" in text
    assert "2 all 3.000 (2.000 – 4.000) 90" in text
    assert "9.000" not in text


def test_values_outside_the_classes_have_their_own_row_and_column() -> None:
    text = words(detail(found(like(confusion=((602, 55, 3), (138, 85, 0), (0, 1, 0))))))
    assert "on-time late other values on-time 602 55 3 late 138 85 0 other values 0 1 0" in text


@pytest.mark.parametrize("window", [*WINDOWS, like(task=None, figures={}, classes=(), confusion=(), estimate=None)])
@pytest.mark.parametrize("width", [60, 160])
def test_every_example_fits_the_width(window: PerformanceWindow, width: int) -> None:
    text = shown(performance_table([window], Monitor(model=MODEL)), detail(found(window)), width=width)
    assert max(map(len, text.splitlines())) <= width


def test_a_model_s_labels_are_told_by_its_newest_closed_window_with_a_figure() -> None:
    labels = label_status([like(), like(start_ms=0, end_ms=2 * COHORT.end_ms, labelled=12, figures=FEW), BY_LABEL])
    assert labels is not None
    assert (labels.end_ms, labels.value, labels.reference, labels.why_not) == (COHORT.end_ms, 0.7807, 0.79, None)
    text = words(*label_tables({"a": labels, "b": None}))
    assert "a 96.3 % 2.5 h / 5.9 h accuracy 0.781, 0.790 in the baseline 2013-01-03 00:00" in text
    assert text.count("accuracy") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"labelled": 12, "figures": FEW}, "too few labels: 12 of 30"), ({"labelled": 0, "figures": {}}, "no labels yet")],
)
def test_without_figures_the_status_says_why(changes: Any, why: str) -> None:
    labels = label_status([like(**changes)])
    assert labels is not None
    assert (labels.value, labels.why_not) == (None, why)
    assert why in words(*label_tables({"m": labels}))


def test_without_a_closed_window_by_prediction_time_the_status_says_nothing_of_labels() -> None:
    assert label_status([like(final=False), like(segment="origin=JFK"), BY_LABEL]) is None
    assert list(label_tables({"m": None})) == []
