"""The tables of the program and those that its migrations make are the same, on both databases."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from runtime.registry import Registry, RegistryError
from runtime.registry.database import engine_of
from runtime.registry.schema import VERSION_TABLE, refuse_other, revision, upgrade
from runtime.registry.tables import METADATA
from tests.integration.registry.conftest import Empty
from tests.unit.registry.story import live, settings


def engine(folder: Path, url: str) -> Engine:
    return engine_of(settings(folder, url).database)


def shape(of: Engine) -> dict[str, Any]:
    """What the database itself says of its tables, rules included."""
    seen = inspect(of)
    return {
        table: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in seen.get_columns(table)},
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "unique": {u["name"]: u["column_names"] for u in seen.get_unique_constraints(table)},
            "foreign": {
                f["name"]: (f["constrained_columns"], f["referred_table"], f["referred_columns"])
                for f in seen.get_foreign_keys(table)
            },
            "rules": {c["name"]: re.sub(r"\s+", " ", c["sqltext"]) for c in seen.get_check_constraints(table)},
            "indexes": {i["name"]: i["column_names"] for i in seen.get_indexes(table)},
        }
        for table in seen.get_table_names()
        if table != VERSION_TABLE
    }


def test_autogenerate_finds_nothing_to_do_after_the_migrations(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_rules_and_keys_are_those_of_the_tables_which_autogenerate_does_not_compare(
    empty: Empty, tmp_path: Path
) -> None:
    migrated, created = engine(tmp_path, empty("migrated")), engine(tmp_path, empty("created"))
    upgrade(migrated)
    METADATA.create_all(created)
    assert shape(migrated) == shape(created)
    assert len(shape(created)["run_step"]["rules"]) == 2
    migrated.dispose()
    created.dispose()


def test_autogenerate_would_find_a_column_that_no_migration_made(registry: Registry) -> None:
    with registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE run ADD COLUMN mood VARCHAR"))
    with registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        ((what, *_),) = compare_metadata(context, METADATA)
    assert what == "remove_column"


def test_of_services_that_start_at_once_one_migrates_and_the_others_wait(url: str, tmp_path: Path) -> None:
    engines = [engine(tmp_path, url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, engines))
    assert {revision(each) for each in engines} == {"0001"}
    for each in engines:
        each.dispose()


def test_migrating_again_leaves_what_is_there(registry: Registry, url: str, tmp_path: Path) -> None:
    live(registry)
    with Registry.opened(settings(tmp_path, url)) as again:
        assert again.verify() == []
        assert not any(live(again))


def test_a_newer_registry_is_refused_in_words_and_left_alone(registry: Registry, url: str, tmp_path: Path) -> None:
    with registry.engine.begin() as connection:
        connection.execute(text("UPDATE registry_migration SET version_num = '9999'"))
    for open_it in (Registry.opened, Registry.for_reading):
        with pytest.raises(RegistryError, match="migrated to 9999") as refused:
            open_it(settings(tmp_path, url))
        assert "run the newer Driftline" in refused.value.next_step
    assert revision(registry.engine) == "9999"


def test_a_reader_migrates_nothing(url: str, tmp_path: Path) -> None:
    fresh = engine(tmp_path, url)
    with pytest.raises(RegistryError, match="empty or older"):
        refuse_other(fresh)
    assert inspect(fresh).get_table_names() == []
    fresh.dispose()


def test_a_migration_that_fails_leaves_no_table(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alembic.op.create_index", lambda *_: (_ for _ in ()).throw(RuntimeError("the disk is full")))
    fresh = engine(tmp_path, url)
    with pytest.raises(RuntimeError, match="disk is full"):
        upgrade(fresh)
    assert inspect(fresh).get_table_names() == []
    monkeypatch.undo()
    upgrade(fresh)
    assert revision(fresh) == "0001"
    fresh.dispose()
