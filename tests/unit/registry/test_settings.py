"""Where the registry is: the environment's, else a file and a folder."""

from pathlib import Path

import pytest

from runtime.registry import Registry, RegistryError, RegistrySettings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "ARTIFACTS"):
        monkeypatch.delenv(f"DRIFTLINE_REGISTRY_{name}", raising=False)


def test_by_default_it_is_under_the_data_directory(tmp_path: Path) -> None:
    found = RegistrySettings.under(tmp_path)
    assert found.file == tmp_path / "registry" / "registry.db"
    assert found.artifacts == str(tmp_path / "registry" / "artifacts")


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", "postgres://u:secret@db/driftline")
    monkeypatch.setenv("DRIFTLINE_REGISTRY_ARTIFACTS", "memory://bucket/models")
    found = RegistrySettings.under(tmp_path)
    assert found.database.drivername == "postgresql+psycopg"
    assert (found.file, found.artifacts) == (None, "memory://bucket/models")
    assert "secret" not in repr(found)


def test_a_child_has_the_settings_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = RegistrySettings.under(tmp_path)
    for name, value in parent.environment().items():
        monkeypatch.setenv(name, value)
    assert RegistrySettings.under(tmp_path / "state" / "retraining-0") == parent == RegistrySettings()


@pytest.mark.parametrize("url", ["", "mysql://u@h/d", "nonsense"])
def test_an_address_of_another_kind_is_refused_in_words(url: str) -> None:
    with pytest.raises(RegistryError, match="DRIFTLINE_REGISTRY_URL is no address"):
        _ = RegistrySettings(url=url).database


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    settings = RegistrySettings(url="postgresql://u:secret@127.0.0.1:1/d", artifacts=str(tmp_path))
    with pytest.raises(RegistryError, match=r"u:\*\*\*@127.0.0.1:1/d cannot be used") as refused:
        Registry.opened(settings)
    assert "secret" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RegistryError, match="cannot be used") as refused:
        Registry.opened(RegistrySettings(url=f"sqlite:///{tmp_path}/file/r.db", artifacts=str(tmp_path)))
    assert "its folder can be written" in refused.value.next_step


def test_sqlite_keeps_a_log_waits_for_others_and_holds_to_foreign_keys(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    assert pragma == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1, "synchronous": 2}
