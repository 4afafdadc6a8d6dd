from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Producer

from runtime.admin import create_topics
from runtime.broker import EmbeddedKafka
from runtime.clock import SystemClock
from runtime.errors import OperatorError
from runtime.follower import Follower
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor

TIMEOUT_S = 60.0
Follow = Callable[[], Follower[Monitor]]


def produce(settings: KafkaSettings, *records: tuple[str, bytes | None]) -> None:
    producer = Producer(settings.client())
    for key, value in records:
        producer.produce(settings.topic("monitors"), value, key=key)
    assert producer.flush(TIMEOUT_S) == 0


def monitor(model: str, top: int = 5) -> bytes:
    return Monitor(model=model, top=top).to_json()


def wait_for(follower: Follower[Monitor], top: dict[str, int]) -> None:
    clock = SystemClock()
    deadline_s = clock.monotonic() + TIMEOUT_S
    while {key: value.top for key, value in follower.values.items()} != top:
        assert clock.monotonic() < deadline_s, f"{follower.values} never became {top}"
        clock.sleep(0.02)


@pytest.fixture
def follow(settings: KafkaSettings) -> Iterator[Follow]:
    started: list[Follower[Monitor]] = []

    def start() -> Follower[Monitor]:
        started.append(Follower(settings, "monitors", Monitor, SystemClock()))
        return started[-1]

    yield start
    for follower in started:
        follower.close()


def test_an_empty_topic_is_caught_up_with_no_values(follow: Follow) -> None:
    follower = follow()
    follower.wait_caught_up(TIMEOUT_S)
    assert follower.values == {}
    assert follower.generation == 0


def test_caught_up_means_every_value_that_was_there(settings: KafkaSettings, follow: Follow) -> None:
    produce(settings, ("a", monitor("a", 1)), ("b", monitor("b", 2)), ("a", monitor("a", 3)))
    follower = follow()
    follower.wait_caught_up(TIMEOUT_S)
    assert {key: value.top for key, value in follower.values.items()} == {"a": 3, "b": 2}


def test_news_tombstones_and_refused_records_while_following(settings: KafkaSettings, follow: Follow) -> None:
    produce(settings, ("a", monitor("a", 1)))
    follower = follow()
    follower.wait_caught_up(TIMEOUT_S)
    before, generation = follower.values, follower.generation
    produce(settings, ("a", b'{"model": 7}'), ("b", monitor("b", 2)))
    wait_for(follower, {"a": 1, "b": 2})
    assert follower.invalid == 1
    assert (generation, follower.generation) == (1, 3), "offsets read, by which others find the same values"
    assert set(before) == {"a"}, "a snapshot that was handed out never changes"
    produce(settings, ("a", None))
    wait_for(follower, {"b": 2})


def test_it_goes_on_after_the_broker_was_killed_and_came_back(broker_factory: Callable[[], EmbeddedKafka]) -> None:
    broker = broker_factory()
    settings = broker.settings("own.")
    create_topics(settings, names=["monitors"])
    produce(settings, ("a", monitor("a", 1)))
    follower = Follower(settings, "monitors", Monitor, SystemClock())
    follower.wait_caught_up(TIMEOUT_S)
    broker.kill()
    broker.start()
    broker.wait_ready()
    produce(settings, ("a", monitor("a", 2)))
    wait_for(follower, {"a": 2})
    follower.close()


def test_a_broker_that_is_not_there_is_told_with_the_next_step() -> None:
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:9", security_protocol="PLAINTEXT")
    follower = Follower(nowhere, "monitors", Monitor, SystemClock())
    with pytest.raises(OperatorError, match="Next step"):
        follower.wait_caught_up(0.5)
    follower.close()
