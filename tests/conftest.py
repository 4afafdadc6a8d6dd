"""Fixtures with a real Apache Kafka. Every test that uses one is marked `kafka`."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings as hypothesis_settings

from runtime.admin import create_topics, delete_topics
from runtime.broker import EmbeddedKafka
from runtime.settings import KafkaSettings

hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

BrokerFactory = Callable[..., EmbeddedKafka]

_KAFKA_FIXTURES = {"kafka", "settings", "broker_factory"}
_prefixes = (f"t{number}." for number in itertools.count(1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _KAFKA_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """A test that set up logging, as every command does, leaves no logger behind that writes to its closed stream."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One broker for the whole run."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def settings(kafka: EmbeddedKafka) -> Iterator[KafkaSettings]:
    """The catalogue's topics under a prefix of the test's own; they are deleted after it."""
    settings = kafka.settings(next(_prefixes))
    create_topics(settings)
    yield settings
    delete_topics(settings)


@pytest.fixture
def broker_factory(tmp_path: Path) -> Iterator[BrokerFactory]:
    """Starts brokers of the test's own: `broker_factory(name="a", **options of EmbeddedKafka)`."""
    with ExitStack() as running:

        def start(name: str = "kafka", **options: Any) -> EmbeddedKafka:
            return running.enter_context(EmbeddedKafka(tmp_path / name, **options))

        yield start
