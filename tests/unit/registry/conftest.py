import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.registry import Registry
from tests.unit.registry.story import live, settings


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Empty, on SQLite."""
    with Registry.opened(settings(tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="session")
def _life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("life")
    with Registry.opened(settings(folder)) as opened:
        assert live(opened) == [True] * 18
    return folder


@pytest.fixture
def lived(_life: Path, tmp_path: Path) -> Iterator[Registry]:
    """All calls of the story were made."""
    shutil.copytree(_life, tmp_path / "life")
    with Registry.opened(settings(tmp_path / "life")) as opened:
        yield opened
