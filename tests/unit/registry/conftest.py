import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.registry import Registry, RegistrySettings, Stamp
from tests.unit.registry.story import CALLS, T0, calls, live, settings

_NAMES = ("DRIFTLINE_DATA_DIR", "DRIFTLINE_REGISTRY_URL", "DRIFTLINE_REGISTRY_ARTIFACTS", "KAFKA_BOOTSTRAP_SERVERS")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Empty, on SQLite."""
    with Registry.opened(settings(tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="session")
def _life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("life")
    with Registry.opened(settings(folder)) as opened:
        assert live(opened) == [True] * CALLS
    return folder


@pytest.fixture(scope="session")
def _candidate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("candidate")
    with Registry.opened(settings(folder)) as opened:
        live(opened, until=14)
        for call in calls(opened)[17:20]:
            with opened.writing() as session:
                call(session, Stamp("retraining", T0 + 20_000))
    return folder


@pytest.fixture
def lived(_life: Path, tmp_path: Path) -> Iterator[Registry]:
    """All calls of the story were made."""
    shutil.copytree(_life, tmp_path / "life")
    with Registry.opened(settings(tmp_path / "life")) as opened:
        yield opened


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that is not made yet; no Kafka and no other registry is anywhere."""
    monkeypatch.chdir(tmp_path)
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "run"


@pytest.fixture
def waiting(_candidate: Path, data_dir: Path) -> Iterator[Registry]:
    """In the data directory: the run's candidate waits, plan and comparison are there; Zoë had asked for the same."""
    shutil.copytree(_candidate, data_dir / "registry")
    with Registry.opened(RegistrySettings.under(data_dir)) as opened:
        yield opened


@pytest.fixture
def whole(_life: Path, data_dir: Path) -> Iterator[Registry]:
    """In the data directory: all calls of the story were made."""
    shutil.copytree(_life, data_dir / "registry")
    with Registry.opened(RegistrySettings.under(data_dir)) as opened:
        yield opened
