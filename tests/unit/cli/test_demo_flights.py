"""The demo's data, model and events: joined right, without the calendar, and exactly as the contract has them."""

from itertools import islice, pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from driftline.demo import events as demo_events
from driftline.demo.events import INCIDENT, events, labels, predictions, serving
from driftline.demo.flights import FEATURES, Flights, day, join, load, millis
from driftline.demo.model import MODEL, Trained, answer, train
from driftline.demo.monitor import LABEL_HORIZON_MS, idle_ms, monitor
from schemas.baseline import Baseline
from schemas.label import Label
from schemas.prediction import Prediction


@pytest.fixture(scope="module")
def flights() -> Flights:
    return load()


@pytest.fixture(scope="module")
def trained(flights: Flights) -> Trained:
    return train(flights)


def test_every_flight_of_the_year_is_there_once_and_in_order(flights: Flights) -> None:
    assert len(flights) == 336_776
    assert len(set(flights.flight_id)) == 336_776
    assert (np.diff(flights.time_ms) >= 0).all()
    assert tuple(flights.features.columns) == FEATURES


def test_flights_that_never_arrived_have_no_label(flights: Flights) -> None:
    assert np.isnan(flights.late).sum() == 9_430
    assert 0.2 < np.nanmean(flights.late) < 0.3


def test_weather_and_aircraft_are_joined_by_hour_and_tail() -> None:
    hour = "2013-01-01T10:00:00Z"
    weather = {"origin": ["EWR", "JFK"], "time_hour": [hour, hour], "temp": [39.0, 41.0]}
    flight = {
        "carrier": ["UA", "AA"], "flight": [1, 2], "origin": ["JFK", "EWR"], "dest": ["IAH", "MIA"], "hour": [5, 5],
        "minute": [40, 15], "distance": [1, 2], "tailnum": ["N1", None], "arr_delay": [15.0, 16.0],
        "time_hour": [hour, hour], "dep_time": [550.0, 513.0], "arr_time": [815.0, 812.0], "dep_delay": [10.0, -2.0],
        "air_time": [220.0, 160.0],
    }  # fmt: skip
    rest = dict.fromkeys(("dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"), 0.0)
    planes = pd.DataFrame({"tailnum": ["N1"], "year": [1999.0], "seats": [149]})
    joined = join(pd.DataFrame(flight), pd.DataFrame(weather).assign(**rest), planes)
    assert joined.time_ms.tolist() == [
        millis(day(1, 1)) + (10 * 60 + 15) * 60_000,
        millis(day(1, 1)) + (10 * 60 + 40) * 60_000,
    ]
    assert joined.features["temp"].tolist() == [39.0, 41.0]
    assert joined.features["seats"].tolist()[1] == 149
    assert np.isnan(joined.features["seats"].tolist()[0])
    assert joined.aircraft.tolist() == [None, "N1"]
    assert joined.late.tolist() == [1.0, 0.0]
    gate_to_gate_min = (
        2 * 60 + 59,
        4 * 60 + 25,
    )  # the second's destination is an hour west of New York: 2 h 25 by the clocks
    assert (joined.arrived_ms - joined.time_ms).tolist() == [
        (gate_to_gate_min[0] - 2) * 60_000,
        (gate_to_gate_min[1] + 10) * 60_000,
    ]


def test_flights_arrive_within_a_day_and_a_half_of_when_they_should_have_left(flights: Flights) -> None:
    taken_h = (flights.arrived_ms - flights.time_ms) / 3_600_000
    assert (np.isnan(taken_h) == np.isnan(flights.late)).all()
    assert 0 < np.nanmin(taken_h) < 1
    assert 2.5 < np.nanmedian(taken_h) < 3
    assert 24 < np.nanmax(taken_h) < LABEL_HORIZON_MS / 3_600_000


def test_no_feature_tells_the_date() -> None:
    assert not {"month", "day", "year", "time_hour"} & set(FEATURES)


def test_the_model_is_better_than_chance_on_weeks_it_has_not_seen(trained: Trained) -> None:
    assert trained.auc > 0.62
    assert trained.baseline.metrics["auc"] == trained.auc


def test_the_reference_of_live_accuracy_is_the_week_held_out(flights: Flights, trained: Trained) -> None:
    held_out = flights.between(day(2, 4), day(2, 11))
    late = held_out.late[~np.isnan(held_out.late)] == 1
    score = trained.model.score(held_out.features)[~np.isnan(held_out.late)]
    outcomes = trained.baseline.outcomes
    assert outcomes is not None
    assert (outcomes.task, outcomes.classes) == ("binary", ("on-time", "late"))
    assert trained.baseline.metrics["accuracy"] == pytest.approx(np.mean((answer(score) == "late") == late))
    assert trained.baseline.metrics["auc"] == pytest.approx(roc_auc_score(late, score), abs=0.002)
    assert trained.baseline.metrics["positive_rate"] == pytest.approx(late.mean())


def test_the_baseline_follows_the_contract_with_importances_and_outputs(trained: Trained) -> None:
    baseline = trained.baseline
    assert Baseline.model_validate_json(baseline.to_json()) == baseline
    assert sum(column.importance or 0 for column in baseline.columns) == pytest.approx(1)
    assert [column.role for column in baseline.columns[-2:]] == ["prediction", "score"]
    assert baseline.end_ms is not None
    assert baseline.end_ms < millis(day(2, 11))


def test_events_follow_the_contract(flights: Flights, trained: Trained) -> None:
    for event in islice(predictions(flights, trained.model), 500):
        assert event.topic == "predictions"
        said = Prediction.model_validate_json(event.value)
        assert said.model == MODEL
        assert said.prediction_id.encode() == event.key
        assert said.time_ms == event.time_ms
        assert said.features.keys() == set(FEATURES)
        assert said.segments == {"origin": said.features["origin"]}
        assert said.score is not None
        assert said.prediction == answer(np.array([said.score]))[0]


def test_labels_follow_the_contract_and_say_what_became_of_their_flight(flights: Flights) -> None:
    some = flights.rows(slice(0, 2_000))
    told = list(labels(some))
    truth = {
        key: (late, arrived) for key, late, arrived in zip(some.flight_id, some.late, some.arrived_ms, strict=True)
    }
    assert len(told) == np.isfinite(some.late).sum() < 2_000
    assert all(a.time_ms <= b.time_ms for a, b in pairwise(told))
    for event in told:
        said = Label.model_validate_json(event.value)
        late, arrived_ms = truth[said.prediction_id]
        assert event.topic == "labels"
        assert event.key == said.prediction_id.encode()
        assert (said.label, said.time_ms) == ("late" if late else "on-time", arrived_ms) == (said.label, event.time_ms)
        assert said.value is None


def test_events_are_the_same_each_time_and_in_order(
    flights: Flights, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_events, "_CHUNK", 100)
    some = flights.rows(slice(0, 250))
    first, second = list(events(some, trained.model)), list(events(some, trained.model))
    assert first == second
    assert sum(event.topic == "predictions" for event in first) == 250
    assert sum(event.topic == "labels" for event in first) == np.isfinite(some.late).sum()
    assert all(a.time_ms <= b.time_ms for a, b in pairwise(first))


def test_serving_is_worse_in_the_scripted_incident_only() -> None:
    rng = np.random.default_rng(0)
    calm, _ = serving(np.full(5_000, millis(day(3, 1))), rng)
    slow, status = serving(np.full(5_000, millis(INCIDENT[0])), rng)
    assert np.quantile(calm, 0.95) < 60
    assert np.quantile(slow, 0.95) > 100
    assert 0.06 < np.mean(status == 503) < 0.1


def test_a_silent_partition_holds_windows_open_for_a_replayed_night_at_any_speed() -> None:
    assert idle_ms(float("inf")) == 5_000
    assert idle_ms(150_000) == 5_000
    assert idle_ms(60) == 12 * 60_000
    assert monitor(1.0).idle == 12 * 3_600_000
