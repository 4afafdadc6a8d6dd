"""An alert's sentence says what, how much, against which bound, and when."""

from typing import Any

import pytest

from schemas.monitor import Threshold
from schemas.window import Latency
from services.triggers.figures import READINGS
from services.triggers.summary import WORDINGS, apart

OVER = "over 2013-07-01 00:00 – 2013-07-02 00:00 UTC"


def test_every_metric_has_a_wording() -> None:
    assert set(WORDINGS) == set(READINGS)


@pytest.mark.parametrize(
    ("rule", "changes", "sentence"),
    [
        (
            Threshold(name="drift", metric="psi", above=0.2),
            {"features": {"dep_delay": {"psi": 0.31, "mean": 21.4, "mean_shift": 0.42, "missing_rate": 0.004}}},
            f"dep_delay has drifted: PSI 0.31 (bound 0.20) {OVER}; mean 21.4 (+0.42 σ), missing 0.4 %.",
        ),
        (
            Threshold(name="drift", metric="psi_adj", above=0.2, page=0.5),
            {"features": {"carrier": {"psi_adj": 0.72, "mean": None, "mean_shift": None}}},
            f"carrier has drifted: adjusted PSI 0.72 (bound 0.20, page 0.50) {OVER}.",
        ),
        (
            Threshold(name="shift", metric="mean_shift", below=-0.5),
            {"features": {"dep_delay": {"mean_shift": -0.8}}},
            f"dep_delay has shifted down: mean shift -0.80 σ (bound -0.50 σ) {OVER}; mean 12.6 (-0.80 σ).",
        ),
        (
            Threshold(name="missing", metric="missing_rate", above=0.2, segments=True),
            {"segment": "origin=EWR", "features": {"wind": {"missing_rate": 0.25, "mean": None}}},
            f"wind in origin=EWR is often missing: missing 25.0 % (bound 20.0 %) {OVER}.",
        ),
        (
            Threshold(name="drift", metric="prediction_psi", above=0.2),
            {"prediction": {"psi": 0.201, "mean": None}},
            f"The prediction has drifted: PSI 0.201 (bound 0.200) {OVER}.",
        ),
        (
            Threshold(name="errors", metric="rate_5xx", above=0.02, page=0.05),
            {"status": {"2xx": 940, "5xx": 60}},
            f"The rate of failed answers is high: 5xx 6.0 % (bound 2.0 %, page 5.0 %) {OVER}.",
        ),
        (
            Threshold(name="slow", metric="latency_p99_ms", above=250),
            {"latency_ms": Latency(n=1_000, p50=12, p95=90, p99=1_250.4)},
            f"Latency is high: p99 1,250 ms (bound 250 ms) {OVER}; p50 12 ms, p95 90 ms.",
        ),
        (
            Threshold(name="traffic", metric="volume", below=5_000),
            {"n": 1_234},
            f"Volume is low: events 1,234 (bound 5,000) {OVER}.",
        ),
        (
            Threshold(name="contract", metric="violation_rate", above=0.01),
            {"n": 960, "violations": {"SCHEMA": 0, "TIME": 40}},
            f"The rate of invalid events is high: dead-lettered 4.0 % (bound 1.0 %) {OVER}; TIME 40.",
        ),
    ],
)
def test_a_firing_alert_reads_as_one_sentence(
    *, rule: Threshold, changes: dict[str, Any], sentence: str, make: Any, history: Any
) -> None:
    built = {"features": {name: make.column(**of) for name, of in changes.get("features", {}).items()}}
    if "prediction" in changes:
        built["prediction"] = make.column(**changes["prediction"])
    (alert,) = history.judge(make.window(**changes | built), make.monitor(rule))
    assert alert.summary == sentence


def test_a_resolved_alert_says_what_is_well_again_and_how_long_it_was_not(make: Any, history: Any) -> None:
    rules = make.monitor(Threshold(name="drift", metric="psi", above=0.2))
    history.judge(make.window(features={"dep_delay": make.column(psi=0.31)}), rules)
    (alert,) = history.judge(make.window(day=1, features={"dep_delay": make.column(psi=0.12)}), rules)
    assert alert.summary == (
        "dep_delay is back within its bound: PSI 0.12 (bound 0.20) "
        "over 2013-07-02 00:00 – 2013-07-03 00:00 UTC; it had been beyond since 2013-07-01 00:00 UTC."
    )


@pytest.mark.parametrize(
    ("value", "bound", "texts"),
    [(0.31, 0.2, ("0.31", "0.20")), (0.20004, 0.2, ("0.20004", "0.20000")), (0.2, 0.2, ("0.20", "0.20"))],
)
def test_a_value_never_reads_like_a_bound_it_differs_from(value: float, bound: float, texts: tuple[str, str]) -> None:
    assert apart(WORDINGS["psi"].form, value, bound) == texts
