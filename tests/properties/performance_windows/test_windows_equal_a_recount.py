"""Whatever is shuffled, repeated, delayed, corrected, moved and killed, windows say what a join of all events says."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.monitor import Monitor
from schemas.performance_window import PerformanceWindow
from tests.performance_stream import DAY_MS, HOUR_MS, PARTITIONS, T0, label, prediction, quantities
from tests.properties.performance_windows.recount import differences, joined, recount
from tests.properties.performance_windows.slots import Disk, Fate, Slots
from tests.properties.performance_windows.stream import DELAYS_MS, MONITORS, Written, flowing, shuffled
from tests.properties.performance_windows.tier import WindowsTier

FATES: tuple[Fate, ...] = ("planned", "committed", "rewound")
DISKS: tuple[Disk, ...] = ("closed", "as it was", "damaged", "lost")
DEATHS = ("publishing", "storing")


@contextmanager
def tiers(monitors: Mapping[str, Monitor] = MONITORS) -> Iterator[tuple[Slots, WindowsTier]]:
    with TemporaryDirectory() as folder:
        slots = Slots(Path(folder), monitors, quantities())
        yield slots, WindowsTier(slots.broker, monitors, quantities())
        slots.close()


def run(
    rng: random.Random,
    written: Sequence[Written],
    slots: Slots,
    tier: WindowsTier,
    *,
    deaths: float,
    keep_up: bool = False,
) -> None:
    """Everything is written, joined and counted a little at a time; then there is silence until all is over.

    `keep_up` bounds the backlog: one of more than the horizon and a day of event time makes records too late.
    """
    rest = list(written)
    while rest:
        some = rng.randint(1, 30)
        for one in rest[:some]:
            slots.write(one)
        rest = rest[some:]
        slots.wait(rng.choice([0, 500, 4_000]))
        if rng.random() < deaths / 3:
            rng.choice([slots.leave, slots.come_back])()
        for slot in rng.sample(range(2), 2):
            fate = rng.choice(FATES) if rng.random() < deaths else ""
            slots.step(slot, rng.randint(1, 80), fate, rng.choice(DISKS), rng)
        if keep_up and rng.random() < 0.15:
            slots.drain(rng)
        for _ in range(rng.randint(0, 20)):
            fate_of_windows = rng.choice(DEATHS) if rng.random() < deaths / 10 else ""
            tier.step(rng.randrange(PARTITIONS), fate_of_windows, rng)
    finish(rng, slots, tier)


def finish(rng: random.Random, slots: Slots, tier: WindowsTier) -> None:
    slots.drain(rng)
    for _ in range(12):
        slots.wait(10_000)
        for slot in range(2):
            slots.step(slot, 1, "", "closed", rng)
        tier.drain(rng)


def wrong(
    written: Sequence[Written], windows: Sequence[PerformanceWindow], monitors: Mapping[str, Monitor] = MONITORS
) -> list[str]:
    predictions, labels = ([one.event for one in written if one.topic == topic] for topic in ("predictions", "labels"))
    expected = recount(joined(predictions, labels, monitors), monitors)
    return differences(windows, expected) + [f"{w.window_id} is open" for w in windows if not w.final]


def assert_one_body_a_revision(tier: WindowsTier) -> None:
    bodies: dict[tuple[str, int], set[bytes]] = {}
    for value in tier.published():
        window = PerformanceWindow.model_validate_json(value)
        bodies.setdefault((window.window_id, window.revision), set()).add(value)
    assert Counter(map(len, bodies.values())).keys() <= {1}


@pytest.mark.parametrize("seed", range(2))
def test_any_order_and_any_deaths_give_the_windows_of_a_plain_join(seed: int) -> None:
    """Within a day, so that nothing is too late for a window whatever is read first."""
    rng = random.Random(seed)
    written = shuffled(rng, 130, 12 * HOUR_MS)
    with tiers() as (slots, tier):
        run(rng, written, slots, tier, deaths=0.4)
        assert not wrong(written, tier.windows())
        assert_one_body_a_revision(tier)
        assert tier.deaths > 1
        assert {*FATES, *DISKS, "postponed"} <= slots.happened.keys()


@pytest.mark.parametrize("seed", range(2, 4))
def test_a_stream_of_days_closes_as_it_flows_and_late_labels_correct_it(seed: int) -> None:
    rng = random.Random(seed)
    written = flowing(rng, 130, 2 * DAY_MS, 4 * HOUR_MS)
    with tiers() as (slots, tier):
        run(rng, written, slots, tier, deaths=0.3, keep_up=True)
        assert not wrong(written, tier.windows())
        assert_one_body_a_revision(tier)
        assert any(b'"correction":true' in value for value in tier.published())


Action = Written | Callable[[Slots, WindowsTier, random.Random], object]
SMALL = {
    name: one.model_copy(update={"performance": one.performance.model_copy(update={"min_labels": 1})})
    for name, one in MONITORS.items()
}
ids = st.integers(0, 5)


def made(number: int, status: int) -> Written:
    return Written("predictions", prediction(number, T0 + number * HOUR_MS, status=status), number % 3 == 0)


def told(number: int, delay_ms: int, truth: str, value: float | None) -> Written:
    one = label(number, T0 + number * HOUR_MS + delay_ms, truth, **({} if value is None else {"value": value}))
    return Written("labels", one, number % 3 == 0)


def read(slot: int, records: int, fate: Fate, disk: Disk) -> Action:
    return lambda slots, _tier, rng: slots.step(slot, records, fate, disk, rng)


def count(partition: int, fate: str) -> Action:
    return lambda _slots, tier, rng: [tier.step(partition, "", rng), tier.step(partition, fate, rng)]


actions = st.one_of(
    st.builds(made, ids, st.sampled_from([200, 200, 500])),
    st.builds(told, ids, st.sampled_from(DELAYS_MS), st.sampled_from(["stay", "leave"]), st.sampled_from([None, 2.5])),
    st.builds(read, st.integers(0, 1), st.integers(1, 3), st.sampled_from(["", *FATES]), st.sampled_from(DISKS)),
    st.builds(count, st.integers(0, PARTITIONS - 1), st.sampled_from(["", *DEATHS])),
    st.sampled_from([
        lambda slots, _tier, _rng: slots.leave(),
        lambda slots, _tier, _rng: slots.come_back(),
        lambda slots, _tier, _rng: slots.wait(4_000),
    ]),
)  # fmt: skip


@given(st.lists(actions, max_size=30))
@settings(max_examples=20, derandomize=True, deadline=None)
def test_few_events_and_every_kind_of_accident(plan: list[Action]) -> None:
    """Of a failure the smallest plan is shown."""
    rng, plan = random.Random(1), [made(6, 200), *plan]
    with tiers(SMALL) as (slots, tier):
        for action in plan:
            if isinstance(action, Written):
                slots.write(action)
            else:
                action(slots, tier, rng)
        finish(rng, slots, tier)
        assert not wrong([action for action in plan if isinstance(action, Written)], tier.windows(), SMALL)
        assert_one_body_a_revision(tier)
