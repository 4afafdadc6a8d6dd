from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.registry import Registry
from tests.integration.registry.postgres import Postgres, running
from tests.unit.registry.story import settings

Empty = Callable[[str], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Empty:
    """Makes empty databases, of each kind in turn; returns their URLs."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return lambda _: server.database()
    return lambda name: f"sqlite:///{tmp_path / name}.db"


@pytest.fixture
def url(empty: Empty) -> str:
    return empty("registry")


@pytest.fixture
def registry(url: str, tmp_path: Path) -> Iterator[Registry]:
    with Registry.opened(settings(tmp_path, url)) as opened:
        yield opened
