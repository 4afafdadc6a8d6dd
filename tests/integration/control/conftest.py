from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import KafkaSettings
from tests.integration.control.harness import Source, Workers


@pytest.fixture
def workers(settings: KafkaSettings, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(settings, tmp_path)
    yield started
    started.close()


@pytest.fixture
def source(settings: KafkaSettings) -> Source:
    return Source(settings, "a")
