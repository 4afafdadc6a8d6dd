"""The process, killed between planning, committing and applying, tells what it tells unharmed: once."""

import random
import shutil
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.ledger import Ledger
from tests.performance_stream import PARTITIONS, World, balance, summed
from tests.unit.performance_join.oracle import Event, expected
from tests.unit.performance_join.test_handler import stream

Written = list[tuple[str, Event | bytes, int | None]]
"""(topic, event, partition), in order."""


def written(rng: random.Random) -> tuple[list[Event], list[Event], Written]:
    """Both topics interleaved at random, with bytes that are no event; some ids lie on a wrong partition throughout."""
    predictions, labels = stream(rng, 60, rng.choice(["binary", "many", "quantity"]))
    wrong = {f"p-{number}": rng.randrange(PARTITIONS) for number in range(70) if rng.random() < 0.3}
    queues: list[Written] = [
        [(topic, event, wrong.get(event["prediction_id"])) for event in events]
        for topic, events in (("predictions", predictions), ("labels", labels))
    ]
    both: Written = []
    while any(queues):
        both.append(rng.choice([queue for queue in queues if queue]).pop(0))
    for _ in range(6):
        both.insert(rng.randrange(len(both)), (rng.choice(["predictions", "labels"]), b"{", rng.randrange(PARTITIONS)))
    return predictions, labels, both


def produce(world: World, records: Written) -> None:
    for topic, event, partition in records:
        world.write(topic, event, partition=partition)


def run(rng: random.Random, world: World, records: Written, deaths: float) -> None:
    """Writes and reads by turns; some turns end in death, some processes come back without their disk."""
    rest = list(records)
    while rest:
        some = rng.randint(0, 40)
        produce(world, rest[:some])
        rest = rest[some:]
        die = rng.choice(["planned", "committed"]) if rng.random() < deaths else ""
        if die and rng.random() < 0.3:
            world.stores.close()
            shutil.rmtree(world.folder / str(rng.randrange(PARTITIONS)), ignore_errors=True)
        world.step(rng.randint(1, 60), die=die)
    world.drain()


def totals(accounts: list[Ledger]) -> Counter[tuple[str, str]]:
    """Sums over all accounts, by topic and what became of events."""
    total: Counter[tuple[str, str]] = Counter()
    for account in accounts:
        topic = account.source.topic
        for field in ("events", "duplicate", "waiting", "moved", "refused"):
            total[topic, field] += getattr(account, field)
        for name, by in (("counted", account.counted), ("dead", account.dead), ("late", account.late)):
            total.update({(topic, f"{name} {key}"): n for key, n in by.items()})
    return +total


@given(st.integers(0, 2**32))
@settings(max_examples=6, deadline=None)
def test_deaths_change_nothing_that_is_told(seed: int) -> None:
    rng = random.Random(seed)
    predictions, labels, records = written(rng)
    with TemporaryDirectory() as folder:
        unharmed, killed = World(Path(folder) / "a"), World(Path(folder) / "b")
        produce(unharmed, records)
        unharmed.drain()
        run(rng, killed, records, deaths=0.4)
        model = predictions[0]["model"]
        layout = killed.plans.plan(model, "1").layout
        assert layout is not None
        assert summed(killed.outcomes) == summed(unharmed.outcomes) == expected(predictions, labels, {model: layout})
        assert totals(killed.ledger) == totals(unharmed.ledger)
        assert {balance(account) for account in killed.ledger} <= {0}
        assert tiles(killed.ledger)
        dead = [Counter((letter.reason, letter.payload) for letter in world.dead) for world in (unharmed, killed)]
        assert dead[0] == dead[1]
        unharmed.stores.close()
        killed.stores.close()


def tiles(accounts: list[Ledger]) -> bool:
    """Whether the ranges of each partition follow one another from the first offset on."""
    reached: Counter[str] = Counter()
    for account in sorted(accounts, key=lambda one: (one.source.start, one.source.end)):
        if account.source.start != reached[account.source.key]:
            return False
        reached[account.source.key] = account.source.end
    return True


@given(st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_the_pairs_of_the_ledger_are_those_of_the_outcomes(seed: int) -> None:
    """Labels counted, less those that took another's place, are the pairs that are left."""
    rng = random.Random(seed)
    _, _, records = written(rng)
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        produce(world, records)
        world.drain(rng.randint(5, 80))
        accounts = [account for account in world.ledger if account.source.topic == "labels"]
        pairs = sum(sum(account.counted.values()) - account.repeated for account in accounts)
        held = Counter[str]()
        for place, (n, _) in summed(world.outcomes).items():
            held[place[1]] += n if not place[3] else 0
        assert held["prediction_time"] == held["label_time"] == pairs
        world.stores.close()
