"""What a window says, held against the raw events in plain numpy."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from schemas.monitor import Monitor
from schemas.window import Window
from schemas.windowing import WindowSpec
from tests.drift_stream import T0, Control, World, baseline, event, messages

HOUR_MS = 3_600_000
WEEK_MS = 604_800_000
MONITOR = Monitor(model="m", pane=60_000, windows=(WindowSpec(size=HOUR_MS),), lateness=1_000, horizon=HOUR_MS)


def run(events: list[dict[str, Any]], monitor: Monitor = MONITOR) -> dict[tuple[str, int], Window]:
    """Windows by segment and start."""
    made = World(monitor, {"m/1": baseline()})
    made.fold([messages([(i % 2, body) for i, body in enumerate(events)])], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    return {(w.segment, w.start_ms): w for w in control.windows().values()}


def spread(n: int, start_ms: int = T0, **more: Any) -> list[dict[str, Any]]:
    return [event(i + start_ms % 1_000_003, start_ms + i * HOUR_MS // n, **more) for i in range(n)]


def test_moments_rates_and_quantiles_are_those_of_the_raw_events() -> None:
    events = spread(900)
    rng = np.random.default_rng(3)
    for i, body in enumerate(events):
        body["status"] = int(rng.choice([200, 204, 302, 404, 500, 503]))
        body["latency_ms"] = float(rng.lognormal(3, 1))
        if i % 10 == 0:
            body["features"]["x"] = None
        if i % 9 == 0:
            body["features"]["c"] = "never seen"
    window = run(events)["", T0]
    x = np.array([b["features"]["x"] for b in events if b["features"]["x"] is not None])
    feature = window.features["x"]
    assert window.n == feature.n == 900
    assert feature.missing_rate == pytest.approx(90 / 900)
    assert feature.mean == pytest.approx(x.mean(), abs=1e-5)
    assert feature.std == pytest.approx(x.std(), abs=1e-4)
    assert window.features["c"].unseen_rate == pytest.approx(100 / 900)
    classes = Counter(f"{b['status'] // 100}xx" for b in events)
    assert {name: n for name, n in window.status.items() if n} == dict(classes)
    latency = np.array([b["latency_ms"] for b in events])
    for quantile, found in ((0.5, window.latency_ms.p50), (0.95, window.latency_ms.p95), (0.99, window.latency_ms.p99)):
        assert found == pytest.approx(np.quantile(latency, quantile, method="inverted_cdf"), rel=0.01)
    assert window.last_ms == max(b["time_ms"] for b in events)


def test_ks_and_wasserstein_are_near_scipy_on_raw_values() -> None:
    events = spread(2_000)
    for body in events:
        body["features"]["x"] = body["features"]["x"] * 1.3 + 0.4
    feature = run(events)["", T0].features["x"]
    reference = np.random.default_rng(7).normal(size=2_000)  # as tests/drift_stream.py made it
    now = np.array([b["features"]["x"] for b in events])
    assert feature.ks == pytest.approx(scipy_stats.ks_2samp(reference, now).statistic, abs=0.03)
    wasserstein = scipy_stats.wasserstein_distance(reference, now) / reference.std()
    assert feature.wasserstein == pytest.approx(wasserstein, abs=0.01)
    assert feature.mean_shift == pytest.approx((now.mean() - reference.mean()) / reference.std(), abs=1e-3)


def test_too_few_events_are_named_and_give_no_score() -> None:
    window = run(spread(20))["", T0]
    assert window.n == 20
    assert window.features["x"].outcome == "too_few"
    assert window.features["x"].psi is None
    assert window.prediction is not None
    assert window.prediction.psi is None


def test_the_prediction_is_compared_with_the_same_window_a_week_before() -> None:
    before, now = spread(400), spread(400, T0 + WEEK_MS)
    for body in now:
        body["prediction"] = 1
    windows = run(before + now, MONITOR)
    week = windows["", T0 + WEEK_MS].prediction_week
    assert windows["", T0].prediction_week is None
    assert week is not None
    assert week.psi is not None
    assert week.psi > 1


def test_dead_letters_count_in_the_window_they_would_have_been_in() -> None:
    events = spread(300)
    for body in events[:30]:
        body["score"] = 1.5
    windows = run(events)
    assert windows["", T0].violations == {"VALUE": 30}
    assert windows["", T0].n == 270


def test_features_come_most_important_first() -> None:
    found = baseline()
    weights = {"x": 0.1, "c": 0.9}
    columns = tuple(c.model_copy(update={"importance": weights.get(c.name)}) for c in found.columns)
    made = World(MONITOR, {"m/1": found.model_copy(update={"columns": columns})})
    made.fold([messages([(0, body) for body in spread(300)])], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    window = next(iter(control.windows().values()))
    assert list(window.features) == ["c", "x"]
    assert window.top_features == ("c", "x")


def test_a_new_baseline_starts_new_rows_and_the_volume_stays_whole() -> None:
    """Rows of two digests never merge; the window counts all events and scores those of the baseline in force."""
    old, new = baseline(), baseline(seed=8)
    made = World(MONITOR, {"m/1": old})
    records = messages([(0, body) for body in spread(400)])
    made.fold([records[:150]], T0)
    made.baselines = {"m/1": new}
    made.fold([records[150:]], T0, silence_ms=30 * 86_400_000)
    control = Control(made)
    control.run()
    (window,) = control.windows().values()
    assert old.digest != new.digest == window.baseline_digest
    assert (window.n, window.latency_ms.n, window.features["x"].n) == (400, 400, 250)
