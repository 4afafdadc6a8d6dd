import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.registry import Registry
from services.retraining.mirroring.connection import connect
from tests.unit.registry.story import settings
from tests.unit.retraining_mirror.story import live_until_candidate, uri


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with two versions, and an MLflow with its tables and nothing in them, which take seconds to make."""
    folder = tmp_path_factory.mktemp("made")
    with Registry.opened(settings(folder)) as opened:
        live_until_candidate(opened)
    connect(uri(folder)).search_registered_models()
    return folder


@pytest.fixture
def home(_made: Path, tmp_path: Path) -> Path:
    """The folder of both."""
    shutil.copytree(_made, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def registry(home: Path) -> Iterator[Registry]:
    """Its model has two versions: one made elsewhere, which serves, and a candidate that waits."""
    with Registry.opened(settings(home)) as opened:
        yield opened
