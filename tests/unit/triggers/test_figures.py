"""Every metric of a threshold is read from the window, and held against above, below and page."""

from typing import Any, get_args

import pytest

from schemas.monitor import FeatureMetric, ModelMetric, Threshold
from schemas.window import Latency
from services.triggers.figures import READINGS

METRICS = (*get_args(FeatureMetric), *get_args(ModelMetric))


def _showing(metric: str, value: float, make: Any) -> dict[str, Any]:
    """The change of a calm window that makes `metric` show `value`."""
    if metric in get_args(FeatureMetric):
        return {"features": {"dep_delay": make.column(**{metric: value})}}
    name, _, rest = metric.partition("_")
    quantiles = {quantile: value if rest.startswith(quantile) else 1.0 for quantile in ("p50", "p95", "p99")}
    bad = round(10_000 * min(value, 1))
    changes: dict[str, dict[str, Any]] = {
        "volume": {"n": round(value)},
        "latency": {"latency_ms": Latency(n=1_000, **quantiles)},
        "rate": {"status": {"2xx": 10_000 - bad, rest: bad, "none": 70}},
        "violation": {"n": 10_000 - bad, "violations": {"VALUE": bad}},
        "score": {"score": make.column(psi=value)},
        "prediction": {"prediction_week" if "week" in rest else "prediction": make.column(psi=value)},
    }
    return changes[name]


SCALE = {"volume": 10_000, "latency_p50_ms": 100, "latency_p95_ms": 100, "latency_p99_ms": 100}


def test_every_metric_of_the_contract_has_a_reading() -> None:
    assert set(READINGS) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("side", "share", "severity"),
    [
        ("above", 0.19, None),
        ("above", 0.2, None),
        ("above", 0.25, "message"),
        ("above", 0.5, "message"),
        ("above", 0.6, "page"),
        ("below", 0.6, None),
        ("below", 0.5, None),
        ("below", 0.4, "message"),
        ("below", 0.2, "message"),
        ("below", 0.1, "page"),
    ],
)
def test_a_metric_fires_beyond_its_bound_and_pages_beyond_the_further_one(
    *, metric: Any, side: str, share: float, severity: str | None, make: Any, history: Any
) -> None:
    scale = SCALE.get(metric, 1)
    bound, page = (0.2 * scale, 0.5 * scale) if side == "above" else (0.5 * scale, 0.2 * scale)
    rule = Threshold(name="rule", metric=metric, page=page, **{side: bound})
    alerts = history.judge(make.window(**_showing(metric, share * scale, make)), make.monitor(rule))
    assert [alert.severity for alert in alerts] == ([severity] if severity else [])
    for alert in alerts:
        assert alert.evidence.metric == metric
        assert alert.evidence.value == pytest.approx(share * scale)
        assert alert.evidence.bound == bound
        assert alert.feature == ("dep_delay" if metric in get_args(FeatureMetric) else None)


@pytest.mark.parametrize("outcome", ["too_few", "no_baseline"])
@pytest.mark.parametrize("metric", [m for m in METRICS if m in get_args(FeatureMetric) or m.endswith("psi")])
def test_an_outcome_that_is_not_ok_gives_no_figure(outcome: str, metric: str, make: Any) -> None:
    silent = make.column(outcome=outcome, psi=9.0, missing_rate=1.0)
    seen = make.window(features={"dep_delay": silent}, prediction=silent, score=silent, prediction_week=silent)
    assert list(READINGS[metric](seen)) == []


@pytest.mark.parametrize(
    ("metric", "changes"),
    [
        ("latency_p99_ms", {"latency_ms": Latency(n=0, p50=None, p95=None, p99=None)}),
        ("rate_5xx", {"status": {"none": 1_000}}),
        ("rate_4xx", {"status": {}}),
        ("violation_rate", {"n": 0}),
        ("prediction_psi", {"prediction": None}),
        ("prediction_week_psi", {"prediction_week": None}),
        ("score_psi", {"score": None}),
        ("psi", {"features": {}}),
    ],
)
def test_what_is_not_in_the_window_gives_no_figure(metric: str, changes: dict[str, Any], make: Any) -> None:
    assert list(READINGS[metric](make.window(**changes))) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_score_that_is_no_finite_number_is_not_judged(value: float | None, make: Any) -> None:
    assert list(READINGS["ks"](make.window(features={"dep_delay": make.column(ks=value)}))) == []


def test_answers_without_a_status_are_left_out_of_status_rates(make: Any) -> None:
    (figure,) = READINGS["rate_5xx"](make.window(status={"2xx": 90, "5xx": 10, "none": 900}))
    assert (figure.value, figure.n) == (0.1, 100)


def test_dead_lettered_events_count_towards_min_count_so_that_a_wholly_broken_model_is_noticed(
    make: Any, history: Any
) -> None:
    rule = Threshold(name="contract", metric="violation_rate", above=0.5)
    (alert,) = history.judge(make.window(n=0, violations={"SCHEMA": 400, "VALUE": 100}), make.monitor(rule))
    assert (alert.evidence.value, alert.evidence.n) == (1.0, 500)


def test_a_feature_that_is_always_missing_is_noticed_though_no_value_of_it_came(make: Any, history: Any) -> None:
    rule = Threshold(name="missing", metric="missing_rate", above=0.5)
    gone = make.column(missing_rate=1.0, mean=None, std=None, ks=None, wasserstein=None, mean_shift=None)
    (alert,) = history.judge(make.window(features={"dep_delay": gone}), make.monitor(rule))
    assert (alert.evidence.value, alert.evidence.n) == (1.0, 1_000)


def test_few_events_are_not_judged_except_by_their_volume(make: Any, history: Any) -> None:
    quiet = make.window(n=99, features={"dep_delay": make.column(n=99, psi=9.0, missing_rate=1.0)})
    rules = [
        Threshold(name="drift", metric="psi", above=0.2),
        Threshold(name="missing", metric="missing_rate", above=0.2),
        Threshold(name="traffic", metric="volume", below=500),
    ]
    assert [alert.rule for alert in history.judge(quiet, make.monitor(*rules))] == ["traffic"]
