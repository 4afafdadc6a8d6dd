"""A detector's alert reads as one sentence: what changed, since when, how much, how sure, what else."""

from typing import Any

import pytest

from schemas.monitor import Detector
from schemas.window import Side
from schemas.windowing import WindowSpec

SURE = "evidence e^11.4 against e^5.5 (1 false alarm a month)"
SINCE = "since 2013-07-01 00:00 UTC"
ALONE = "the prediction does not drift with it."


def _side(mode: str, rate: float, shares: tuple[float, ...], **changes: Any) -> Side:
    return Side(mode=mode, mode_rate=rate, shares=shares, **changes)


def _numeric(mean: float | None, std: float | None = 5.0, **changes: Any) -> Side:
    return Side(mean=mean, std=std, **changes)


CARRIERS = ("UA", "AA", "DL", "missing")
BINS = ("≤ 5", "5 – 9", "> 9")

SENTENCES = {
    "numeric": (
        "feature/distance",
        {"reference": _numeric(1_050, 233, missing_rate=0.001), "now": _numeric(1_120, 240, missing_rate=0.04)},
        "distance has drifted",
        "mean 1,050 → 1,120 miles (+0.3 σ), missing 0.1 % → 4 %",
    ),
    "wider": (
        "feature/distance",
        {"reference": _numeric(1_050, 200, shares=(0.3, 0.4, 0.3)), "now": _numeric(1_052, 320, shares=(0.4, 0.2, 0.4)),
         "cells": BINS},
        "distance has drifted",
        "mean 1,050.0 → 1,052.0 miles (+0.01 σ), standard deviation 200 → 320 miles",
    ),
    "another shape, same moments": (
        "feature/dep_delay",
        {"reference": _numeric(12.6, shares=(0.3, 0.4, 0.3)), "now": _numeric(12.6, shares=(0.38, 0.25, 0.37)),
         "cells": BINS},
        "dep_delay has drifted",
        "mean 12.6 → 12.6 (+0.00 σ), ≤ 5 gained most (30 % → 38 %), 5 – 9 lost most (40 % → 25 %)",
    ),
    "a shift too slight for its cells": (
        "feature/dep_delay",
        {"reference": _numeric(12.0, shares=(0.3, 0.4, 0.3)), "now": _numeric(12.4, shares=(0.2995, 0.3999, 0.3006)),
         "cells": BINS},
        "dep_delay has drifted",
        "mean 12.00 → 12.40 (+0.08 σ)",
    ),
    "constant before": (
        "feature/dep_delay",
        {"reference": _numeric(3.0, 0.0), "now": _numeric(4.5, 1.0)},
        "dep_delay has drifted",
        "mean 3.0 → 4.5",
    ),
    "gone": (
        "feature/dep_delay",
        {"reference": _numeric(3.0), "now": _numeric(None, None, missing_rate=1.0)},
        "dep_delay has drifted",
        "missing 0 % → 100 %",
    ),
    "categorical": (
        "feature/carrier",
        {"cells": CARRIERS, "reference": _side("UA", 0.4, (0.4, 0.35, 0.25, 0.0)),
         "now": _side("DL", 0.45, (0.35, 0.2, 0.45, 0.0), unseen_rate=0.0004)},
        "carrier has drifted",
        "most frequent UA (40 %) → DL (45 %), DL gained most (25 % → 45 %), AA lost most (35 % → 20 %)",
    ),
    "categorical, same mode": (
        "feature/carrier",
        {"cells": CARRIERS, "reference": _side("UA", 0.4, (0.4, 0.35, 0.25, 0.0)),
         "now": _side("UA", 0.55, (0.55, 0.3, 0.15, 0.0), unseen_rate=0.02)},
        "carrier has drifted",
        "most frequent UA 40 % → 55 %, DL lost most (25 % → 15 %), unseen in training 0 % → 2 %",
    ),
    "mode's share from its cell": (
        "feature/carrier",
        {"cells": ("UA", "others", "missing"), "reference": Side(mode="UA", shares=(0.4, 0.6, 0.0)),
         "now": Side(mode="UA", shares=(0.3, 0.6, 0.1), missing_rate=0.1)},
        "carrier has drifted",
        "most frequent UA 40 % → 30 %, missing 0 % → 10 %",
    ),
    "mode among others": (
        "feature/carrier",
        {"cells": ("UA", "others"), "reference": Side(mode="UA", shares=(0.4, 0.6)),
         "now": Side(mode="DL", shares=(0.3, 0.7))},
        "carrier has drifted",
        "most frequent UA → DL, others gained most (60 % → 70 %), UA lost most (40 % → 30 %)",
    ),
    "mode as before": (
        "feature/carrier",
        {"cells": ("UA", "AA", "DL"), "reference": Side(mode="UA", shares=(0.4, 0.35, 0.25)),
         "now": Side(mode="UA", shares=(0.4, 0.25, 0.35))},
        "carrier has drifted",
        "DL gained most (25 % → 35 %), AA lost most (35 % → 25 %)",
    ),
    "nothing to show": (
        "feature/carrier",
        {"reference": Side(), "now": Side(), "effect": 0.0912},
        "carrier has drifted",
        "effect 0.0912",
    ),
    "missing": (
        "feature/distance",
        {"what": "missing", "effect": 0.119, "reference": _numeric(1_050, missing_rate=0.001),
         "now": _numeric(1_050, missing_rate=0.12)},
        "distance is missing more often",
        "missing 0.1 % → 12 %",
    ),
    "rarely missing": (
        "feature/distance",
        {"what": "missing", "effect": 0.0006, "reference": _numeric(1_050, missing_rate=0.0001, unseen_rate=0.0),
         "now": _numeric(1_050, missing_rate=0.0007, unseen_rate=0.0009)},
        "distance is missing more often",
        "missing 0.01 % → 0.07 %",
    ),
    "missing no more": (
        "feature/distance",
        {"what": "missing", "effect": -0.1, "reference": _numeric(1_050, 200, missing_rate=0.11),
         "now": _numeric(950, 200, missing_rate=0.01)},
        "distance is missing less often",
        "missing 11 % → 1 %, mean 1,050 → 950 miles (-0.5 σ)",
    ),
    "unseen": (
        "feature/carrier",
        {"what": "unseen", "effect": 0.08, "reference": Side(missing_rate=0.01),
         "now": Side(unseen_rate=0.08, missing_rate=0.02)},
        "carrier has more values unseen in training",
        "unseen in training 0 % → 8 %, missing 1 % → 2 %",
    ),
    "not finite": (
        "feature/dep_delay",
        {"what": "nonfinite", "effect": 0.005, "reference": Side(), "now": Side(nonfinite_rate=0.005)},
        "dep_delay has more values that are not finite",
        "not finite 0 % → 0.5 %",
    ),
    "volume": (
        "model/volume",
        {"what": "volume", "effect": -0.52, "reference": Side(mean=1_000.0), "now": Side(mean=480.0)},
        "Volume has fallen",
        "events an hour 1,000 → 480 (-52 %)",
    ),
    "more volume": (
        "model/volume",
        {"what": "volume", "effect": 14.0, "reference": Side(mean=40.0), "now": Side(mean=600.0)},
        "Volume has risen",
        "events an hour 40 → 600 (+1,400 %)",
    ),
    "score": (
        "score/score",
        {"reference": _numeric(0.31, 0.2), "now": _numeric(0.42, 0.2)},
        "The score has drifted",
        "mean 0.31 → 0.42 (+0.5 σ)",
    ),
    "confidence by its cells": (
        "score/confidence",
        {"cells": ("1 (least)", "2", "3 (most)", "missing"), "reference": Side(shares=(0.3, 0.2, 0.5, 0.0)),
         "now": Side(shares=(0.35, 0.3, 0.35, 0.0))},
        "The confidence has drifted",
        "least confident answers 50 % → 65 %",
    ),
    "confidence in one cell": (
        "score/confidence",
        {"cells": ("1 (least)", "2 (most)"), "reference": Side(shares=(0.8, 0.2)), "now": Side(shares=(0.7, 0.3))},
        "The confidence has drifted",
        "effect 0.09",
    ),
    "confidence": (
        "score/confidence",
        {"reference": _numeric(0.81, 0.1), "now": _numeric(0.76, 0.1)},
        "The confidence has drifted",
        "mean 0.810 → 0.760 (-0.5 σ)",
    ),
}  # fmt: skip


@pytest.fixture
def miles(make: Any) -> Any:
    return make.monitor(units={"distance": "miles"})


@pytest.mark.parametrize(("column", "changes", "phrase", "told"), SENTENCES.values(), ids=SENTENCES)
def test_what_changed_is_told_in_the_column_s_own_terms(
    *, column: str, changes: Any, phrase: str, told: str, make: Any, history: Any, miles: Any
) -> None:
    (alert,) = history.judge(make.pane(0, make.finding(column, **changes)), miles)
    assert alert.summary == f"{phrase} {SINCE}: {told}; {SURE}; {ALONE}"


def test_units_are_those_of_features(make: Any, history: Any, miles: Any) -> None:
    seen = make.pane(0, make.finding("prediction/distance"))
    (alert,) = history.judge(seen, miles)
    assert ": mean 12.6 → 14.1 (+0.3 σ); " in alert.summary


def test_the_prediction_s_own_alert_does_not_say_that_it_drifts_with_itself(make: Any, history: Any) -> None:
    changes = {"reference": _side("on_time", 0.8, ()), "now": _side("on_time", 0.7, ())}
    (alert,) = history.judge(make.pane(0, make.finding("prediction/late", **changes)), make.monitor())
    assert alert.summary == f"The prediction has drifted {SINCE}: most frequent on_time 80 % → 70 %; {SURE}."


def test_the_sentence_names_what_else_drifts_and_counts_the_rest(make: Any, history: Any) -> None:
    features = {name: make.column() for name in ("dep_delay", "seats", "hour", "wind", "carrier", "origin")}
    rest = [make.finding(f"feature/{name}") for name in ("hour", "seats")]
    history.judge(make.pane(0, *rest, features=features), make.monitor())
    seen = make.pane(1, make.finding(), features=features, evidence={"prediction/prediction": 3.0})
    (alert,) = history.judge(seen, make.monitor())
    assert alert.summary.endswith("(1 false alarm a month); also seats, hour; the prediction drifts with it.")
    more = [make.finding(f"feature/{name}") for name in ("wind", "origin", "carrier")]
    *_, last = history.judge(make.pane(2, *more, features=features), make.monitor())
    assert "; also dep_delay, seats, hour and 2 more; " in last.summary


@pytest.mark.parametrize(
    ("budget", "words"), [(1.0, "1 false alarm a month"), (0.5, "0.5 false alarms a month"), (4.0, "4 false alarms a")]
)
def test_the_budget_is_the_monitor_s(budget: float, words: str, make: Any, history: Any) -> None:
    (alert,) = history.judge(make.pane(0, make.finding()), make.monitor(detector=Detector(budget=budget)))
    assert f"against e^5.5 ({words}" in alert.summary


def test_evidence_never_reads_like_the_bound_it_passed(make: Any, history: Any) -> None:
    (alert,) = history.judge(make.pane(0, make.finding(log_e=5.512)), make.monitor())
    assert "evidence e^5.51 against e^5.50 (" in alert.summary


@pytest.mark.parametrize(
    ("size_ms", "stretch"),
    [(60_000, "a minute"), (300_000, "in 5 minutes"), (3_600_000, "an hour"), (21_600_000, "in 6 hours"),
     (86_400_000, "a day"), (604_800_000, "a week")],
)  # fmt: skip
def test_volume_is_counted_over_the_pane(size_ms: int, stretch: str, make: Any, history: Any) -> None:
    fewer = {"what": "volume", "effect": -0.5, "reference": Side(mean=100.0), "now": Side(mean=50.0)}
    watched = make.monitor(windows=(WindowSpec(size=size_ms),))
    (alert,) = history.judge(make.pane(0, make.finding("model/volume", **fewer), size_ms=size_ms), watched)
    assert f"events {stretch} 100 → 50 (-50 %)" in alert.summary


def test_segments_are_named(make: Any, history: Any) -> None:
    (alert,) = history.judge(make.pane(0, make.finding(), segment="origin=EWR"), make.monitor())
    assert alert.summary.startswith("dep_delay in origin=EWR has drifted since ")


def test_a_resolved_alert_says_how_long_it_has_been_quiet_and_when_it_was_not(make: Any, history: Any) -> None:
    history.judge(make.pane(0, make.finding()), make.monitor())
    for hour in range(1, 25):
        history.judge(make.pane(hour), make.monitor())
    assert history.alerts[-1].summary == (
        "dep_delay is back to what is expected: quiet for 24 panes; "
        "it had drifted from 2013-07-01 00:00 to 2013-07-01 01:00 UTC."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"what": "missing", "effect": 0.1}, "it was missing more often from "),
        ({"what": "volume", "effect": -0.4}, "it had fallen from "),
        ({"what": "unseen", "effect": 0.1}, "it had more values unseen in training from "),
    ],
)
def test_a_resolved_alert_speaks_of_the_past(changes: Any, words: str, make: Any, history: Any) -> None:
    monitor = make.monitor(detector=Detector(resolve_after=1))
    history.judge(make.pane(0, make.finding(**changes)), monitor)
    (ended,) = history.judge(make.pane(1), monitor)
    assert f"quiet for 1 pane; {words}" in ended.summary
