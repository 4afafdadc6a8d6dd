"""Flights as events: predictions as a model server would write them, and labels as the flights arrive."""

import json
from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from driftline.demo.flights import FEATURES, Flights, day, millis
from driftline.demo.model import MODEL, SEED, VERSION, DelayModel, answer

INCIDENT: tuple[datetime, datetime] = (day(7, 16), day(7, 18))
"""The data have no serving side, so latency and status are simulated, with one incident: slow answers and errors."""
_CHUNK = 5_000


class Event(NamedTuple):
    """One event, ready to send."""

    topic: str
    """As the catalogue calls it."""
    time_ms: int
    key: bytes
    value: bytes


def events(flights: Flights, model: DelayModel) -> Iterator[Event]:
    """Every prediction and label, in order of time. The same each time it is called."""
    return merge(predictions(flights, model), labels(flights), key=lambda event: event.time_ms)


def labels(flights: Flights) -> Iterator[Event]:
    """What became of each flight that arrived, told when it did, in this order."""
    arrived = flights.rows(~np.isnan(flights.late))
    order = np.argsort(arrived.arrived_ms, kind="stable")
    rows = zip(
        arrived.flight_id[order].tolist(),
        arrived.arrived_ms[order].astype(np.int64).tolist(),
        np.where(arrived.late[order] == 1, "late", "on-time").tolist(),
        strict=True,
    )
    for flight_id, time_ms, label in rows:
        event = {
            "schema": "driftline.label/1",
            "prediction_id": flight_id,
            "label": label,
            "time_ms": time_ms,
            "source": "arrivals",
        }
        yield Event("labels", time_ms, flight_id.encode(), json.dumps(event, separators=(",", ":")).encode())


def predictions(flights: Flights, model: DelayModel) -> Iterator[Event]:
    """Every flight's prediction, in order of time; scored a few thousand at a time."""
    rng = np.random.default_rng(SEED)
    for start in range(0, len(flights), _CHUNK):
        yield from _predictions(flights.rows(slice(start, start + _CHUNK)), model, rng)


def serving(time_ms: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Simulated latency in ms (log-normal about 18) and HTTP status (one 5xx in 500), [n]; worse in the incident."""
    incident = (time_ms >= millis(INCIDENT[0])) & (time_ms < millis(INCIDENT[1]))
    latency = np.exp(rng.normal(np.log(18.0), 0.4, time_ms.size)) * np.where(incident, 6.0, 1.0)
    failed = rng.random(time_ms.size) < np.where(incident, 0.08, 0.002)
    return latency, np.where(failed, 503, 200)


def _predictions(flights: Flights, model: DelayModel, rng: np.random.Generator) -> Iterator[Event]:
    score = model.score(flights.features)
    latency, status = serving(flights.time_ms, rng)
    columns: list[list[Any]] = [_values(flights.features[name].tolist()) for name in FEATURES]
    origin = flights.features["origin"].tolist()
    rows = zip(
        flights.flight_id.tolist(),
        flights.time_ms.tolist(),
        flights.aircraft.tolist(),
        zip(*columns, strict=True),
        answer(score).tolist(),
        score.round(6).tolist(),
        latency.round(3).tolist(),
        status.tolist(),
        origin,
        strict=True,
    )
    for flight_id, time_ms, aircraft, values, predicted, chance, took_ms, code, airport in rows:
        event = {
            "schema": "driftline.prediction/1",
            "prediction_id": flight_id,
            "model": MODEL,
            "version": VERSION,
            "time_ms": time_ms,
            "features": dict(zip(FEATURES, values, strict=True)),
            "prediction": predicted,
            "score": chance,
            "latency_ms": took_ms,
            "status": code,
            "segments": {"origin": airport},
            "entity_id": aircraft,
        }
        yield Event("predictions", time_ms, flight_id.encode(), json.dumps(event, separators=(",", ":")).encode())


def _values(values: list[Any]) -> list[Any]:
    """NaN as None: JSON has no NaN."""
    return [None if value != value else value for value in values]  # noqa: PLR0124  NaN alone differs from itself
