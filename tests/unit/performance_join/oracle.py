"""What the outcomes of a whole stream must sum to: a plain join in a dictionary, counted one event at a time."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from stats.performance.cells import fold_outcomes, fold_predictions
from stats.performance.class_names import class_name
from stats.performance.layout import OutcomeLayout
from tests.performance_stream import HORIZON_MS, HOUR_MS, Place, Sum

Event = dict[str, Any]


def joined(predictions: Sequence[Event], labels: Sequence[Event]) -> list[tuple[Event, Event | None]]:
    """Each id's first prediction with its newest label within the horizon; of equal labels in a row, the first."""
    made: dict[str, Event] = {}
    for event in predictions:
        made.setdefault(event["prediction_id"], event)
    newest: dict[str, Event] = {}
    for told in labels:
        one = told["prediction_id"]
        known = one in made and told["time_ms"] - made[one]["time_ms"] <= HORIZON_MS
        if known and (one not in newest or content(newest[one]) != content(told)):
            newest[one] = told
    return [(event, newest.get(one)) for one, event in made.items()]


def content(told: Event) -> tuple[Any, ...]:
    return told["label"], told.get("value")


def segments(event: Event) -> list[str]:
    """By hand, for the monitors of tests/performance_stream.py."""
    age = event["features"]["age"]
    group = "<= 30" if age <= 30 else "30 - 50" if age <= 50 else "> 50"
    found = ["", f"age={group}"]
    watched = {"binary": ("region",), "many": ("region", "desk"), "quantity": ()}[event["model"]]
    found += [f"{name}={event['segments'][name]}" for name in watched]
    return found + ([f"variant={event['variant']}"] if event.get("variant") else [])


def expected(
    predictions: Sequence[Event], labels: Sequence[Event], layouts: dict[str, OutcomeLayout]
) -> dict[Place, Sum]:
    """As tests/performance_stream.py sums outcomes."""
    n: dict[Place, int] = defaultdict(int)
    cells: dict[Place, Any] = {}

    def add(event: Event, by: str, time_ms: int, vector: Any, pairs: int) -> None:
        layout = layouts[event["model"]]
        for segment in segments(event):
            start_ms = time_ms - time_ms % HOUR_MS
            place = (event["model"], by, event["version"], segment, start_ms, layout.digest)
            n[place] += pairs
            cells[place] = cells.get(place, 0) + vector

    for event, told in joined(predictions, labels):
        layout = layouts[event["model"]]
        answer, shares = value_of(layout, event["prediction"]), probabilities_of(layout, event)
        one = np.zeros(1, np.int64)
        made = fold_predictions(layout, answer, shares, group=one, groups=1)[0]
        add(event, "prediction_time", event["time_ms"], made, 0)
        if told is not None:
            delay_s = np.array([(told["time_ms"] - event["time_ms"]) / 1_000])
            worth = np.array([np.nan if told.get("value") is None else told["value"]])
            truth = value_of(layout, told["label"])
            pair = fold_outcomes(layout, answer, shares, truth, delay_s, worth, group=one, groups=1)[0]
            add(event, "prediction_time", event["time_ms"], pair, 1)
            add(event, "label_time", told["time_ms"], pair, 1)
    return {place: (n[place], vector.tolist()) for place, vector in cells.items()}


def value_of(layout: OutcomeLayout, told: Any) -> Any:
    return np.array([float(told)]) if layout.task == "regression" else layout.codes([class_name(told)])


def probabilities_of(layout: OutcomeLayout, event: Event) -> Any:
    if layout.task == "regression":
        return None
    if layout.task == "binary":
        return np.array([[event.get("score", np.nan)]])
    return np.array([[event["probabilities"][name] for name in layout.classes]])
