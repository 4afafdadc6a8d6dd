"""Topics are kept as long as labels may take, and never for less than they were."""

import pytest

from driftline.retention import Raised, is_raised, lacking, needed_ms
from runtime.admin import Difference, TopicState
from schemas.monitor import Monitor
from schemas.performance import Performance
from schemas.topics import TOPICS
from schemas.training import SnapshotSpec, Training

DAY = 86_400_000


def monitor(days: int) -> Monitor:
    return Monitor(model=f"m{days}", performance=Performance(horizon=days * DAY))


def state(name: str, kept_ms: int) -> TopicState:
    return TopicState(name, "id", 4, {"retention.ms": str(kept_ms), "cleanup.policy": "delete"})


def test_twice_the_longest_horizon_and_a_day_are_needed() -> None:
    assert needed_ms([monitor(3), monitor(30), monitor(7)]) == 61 * DAY
    assert needed_ms([]) == 0


def test_the_catalogue_keeps_both_topics_long_enough_for_the_default_horizon() -> None:
    kept = [state(name, TOPICS[name].retention_ms) for name in ("predictions", "labels")]
    assert lacking(kept, needed_ms([Monitor(model="m")])) == []
    assert [raised.topic for raised in lacking(kept, needed_ms([monitor(90)]))] == ["predictions", "labels"]


@pytest.mark.parametrize(("kept_ms", "raised"), [(8 * DAY, True), (31 * DAY, False), (40 * DAY, False), (-1, False)])
def test_what_is_kept_long_enough_or_for_ever_is_left(kept_ms: int, *, raised: bool) -> None:
    expected = [Raised("predictions", kept_ms, 31 * DAY)] if raised else []
    assert lacking([state("predictions", kept_ms)], 31 * DAY) == expected


def test_a_longer_lookback_of_retraining_asks_for_more() -> None:
    training = Training(snapshot=SnapshotSpec(lookback=60 * DAY))
    assert needed_ms([Monitor(model="m"), Monitor(model="n", training=training)]) == 61 * DAY


def test_what_was_raised_is_told_in_days() -> None:
    assert str(Raised("predictions", 8 * DAY, 31 * DAY)) == (
        "kept 31 d from now on, not 8 d: late labels find their predictions, and retraining its rows"
    )


@pytest.mark.parametrize(
    ("topic", "setting", "found", "raised"),
    [
        ("predictions", "retention.ms", "2678400000", True),
        ("predictions", "retention.ms", "1000", False),
        ("ledger", "retention.ms", "2678400000", False),
        ("labels", "partitions", "8", False),
    ],
)
def test_the_doctor_takes_no_offence_at_a_longer_retention(
    topic: str, setting: str, found: str, *, raised: bool
) -> None:
    assert is_raised(Difference(topic, setting, "691200000" if "." in setting else "4", found)) is raised
