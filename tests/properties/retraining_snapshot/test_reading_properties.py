"""A snapshot is that of pandas, whatever was written, and the same however it is read."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import ManualClock
from schemas.base import EARLIEST_MS, LATEST_MS
from services.performance.join.handler import JoinHandler
from services.performance.join.join import Planned
from services.retraining.snapshot.plan import Plan
from services.retraining.snapshot.reading import Reading
from services.retraining.snapshot.split import digest_of, packed
from tests.performance_stream import HOUR_MS, PARTITIONS, World
from tests.unit.retraining_snapshot.stream import (
    FROM_MS,
    CutReplay,
    Stream,
    expected,
    fill,
    monitor_of,
    plan_of,
    stream,
)

seeds = st.integers(0, 2**32)
some = settings(max_examples=12, deadline=None)


def reading(made: Stream, plan: Plan, rng: random.Random, labels_at_once: int = 1_000) -> tuple[pa.Table, Reading]:
    """Partitions in any order, in batches of any size."""
    sources = tuple(rng.sample(plan.sources, len(plan.sources)))
    found = Reading(
        CutReplay(made.broker, rng),
        plan.model_copy(update={"sources": sources}),
        lambda _: None,
        ManualClock(),
        labels_at_once,
    )
    return found.table(), found


@given(seeds)
@some
def test_the_rows_are_those_of_pandas(seed: int) -> None:
    rng = random.Random(seed)
    made = stream(rng)
    plan = plan_of(made.broker)
    table, _ = reading(made, plan, rng)
    assert table.to_pylist() == expected(made.written, plan)
    assert table.num_rows


@given(seeds, st.integers(1, 40))
@some
def test_of_too_many_rows_the_smallest_hashes_are_kept_in_any_order_of_reading(seed: int, rows: int) -> None:
    """And in any number of passes: with room for few labels only, most of them need a pass of their own."""
    rng = random.Random(seed)
    made = stream(rng)
    plan = plan_of(made.broker, monitor_of(rows))
    tables = [reading(made, plan, random.Random(order), at_once) for order, at_once in ((1, 1_000), (2, 1), (3, 12))]
    assert tables[0][0].to_pylist() == expected(made.written, plan)
    assert len({digest_of(packed(table)) for table, _ in tables}) == 1
    assert tables[0][1].passes == 1


@given(seeds)
@some
def test_records_behind_the_plan_s_offsets_change_nothing(seed: int) -> None:
    rng = random.Random(seed)
    made = stream(rng)
    plan = plan_of(made.broker)
    before, _ = reading(made, plan, rng)
    for event in made.written["labels"][:20]:
        made.write("labels", event | {"label": "other"})
    for event in made.written["predictions"][:20]:
        made.write("predictions", event | {"prediction_id": "p-1"})
    after, _ = reading(made, plan, rng)
    assert packed(after) == packed(before)


@dataclass
class Joined:
    """What the join tells, pair by pair."""

    pairs: Counter[tuple[Any, ...]] = field(default_factory=Counter)

    def note(self, planned: Planned) -> None:
        pairs = planned.pairs
        for row in range(len(pairs)):
            origin = pairs.origins[pairs.origin[row]]
            if origin.model == "binary" and origin.variant != "shadow":
                said = (pairs.prediction_text[row], float(pairs.score[row]), pairs.label_text[row])
                named = (origin.version, origin.variant, origin.segments, int(pairs.time_ms[row]))
                self.pairs[(*named, *said, float(pairs.value[row]))] += int(pairs.sign[row])


def pair_of(row: dict[str, Any]) -> tuple[Any, ...]:
    groups = ((name, row[f"segment:{name}"]) for name in ("age", "region"))
    said = tuple(row[name] for name in ("prediction", "score", "label", "value"))
    return row["version"], row["variant"], tuple(groups), row["time_ms"], *said


@given(seeds)
@some
def test_the_rows_are_the_pairs_that_the_join_tells(seed: int) -> None:
    """Of the same records, those it moved among them, where none came so late that the join had let go."""
    rng, joined = random.Random(seed), Joined()
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.handler = JoinHandler(world.plans, world.stores, PARTITIONS, joined.note)
        made = Stream(rng, world.broker, copied=False)
        fill(made, 40, FROM_MS + 12 * HOUR_MS)
        world.drain()
        world.stores.close()
    plan = plan_of(made.broker, from_ms=EARLIEST_MS, until_ms=LATEST_MS)
    table, _ = reading(made, plan, rng)
    assert Counter(map(pair_of, table.to_pylist())) == +joined.pairs
    assert table.num_rows
