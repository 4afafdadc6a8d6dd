"""Predictions and labels as the world writes them: in any order, twice, corrected, early, too late, of nobody."""

import random
from dataclasses import dataclass

from schemas.monitor import Monitor
from schemas.performance import Fairness, Performance, Protected
from schemas.windowing import WindowSpec
from tests.performance_stream import HOUR_MS, T0, label, prediction
from tests.properties.performance_windows.recount import Event

HORIZON_MS = 6 * HOUR_MS
RULES = Performance(
    pane=HOUR_MS // 2,
    windows=(WindowSpec(size=HOUR_MS), WindowSpec(size=6 * HOUR_MS, slide=2 * HOUR_MS)),
    horizon=HORIZON_MS,
    lateness=600_000,
    idle=3_000,
    early=2_000,
    min_labels=5,
    fairness=Fairness(protected=(Protected(name="age", edges=(30.0, 50.0)),)),
)
MONITORS = {
    "binary": Monitor(model="binary", classes=("stay", "leave"), performance=RULES, segments=("region",)),
    "quantity": Monitor(model="quantity", performance=RULES, segments=()),
}
TRUTHS = {"binary": ("stay", "leave", "leave", "else"), "quantity": (1.5, 7, -2, 7.0)}
DELAYS_MS = (-1_000, 0, 60_000, HOUR_MS, 3 * HOUR_MS, HORIZON_MS, HORIZON_MS + 1)


@dataclass(frozen=True)
class Written:
    """One event, on its way to its topic."""

    topic: str
    event: Event
    other_partitioner: bool


def events_of(number: int, rng: random.Random, time_ms: int, elsewhere: float = 0.15) -> list[Written]:
    """All that is ever written of one id; `elsewhere` is the share of ids that another partitioner places."""
    model = rng.choice(["binary", "binary", "quantity"])
    made = prediction(number, time_ms, model=model, version=rng.choice("12"), variant=rng.choice([None, "shadow"]))
    bodies = rng.choice([[made], [made], [made, made], [made, made | {"status": 500}, made]])
    other = rng.random() < elsewhere
    told = []
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        worth = {"value": rng.choice([-1.5, 2.5, 40])} if rng.random() < 0.6 else {}
        one = label(number, time_ms + rng.choice(DELAYS_MS), rng.choice(TRUTHS[model]), **worth)
        told += [one] * rng.choice([1, 1, 2])
    orphan = [label(10_000_000 + number, time_ms, "stay")] if rng.random() < 0.05 else []
    events = [("predictions", body) for body in bodies] + [("labels", one) for one in (*told, *orphan)]
    return [Written(topic, event, other) for topic, event in events]


def shuffled(rng: random.Random, ids: int, span_ms: int) -> list[Written]:
    """Both topics in any order: labels before their predictions, corrections before what they correct."""
    written = [one for number in range(ids) for one in events_of(number, rng, T0 + rng.randrange(span_ms))]
    return rng.sample(written, len(written))


def flowing(rng: random.Random, ids: int, span_ms: int, jitter_ms: int) -> list[Written]:
    """Both topics in the order of event time, but for a jitter."""
    written = [one for number in range(ids) for one in events_of(number, rng, T0 + number * span_ms // ids)]
    return sorted(written, key=lambda one: one.event["time_ms"] + rng.randrange(jitter_ms))
