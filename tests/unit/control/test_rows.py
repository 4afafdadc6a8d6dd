import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from runtime.clock import ManualClock
from runtime.faust.app import ControlApp, control_app
from runtime.faust.projection import Effects, Projection
from runtime.faust.rows import NOTHING_READ, RowStore
from runtime.faust.watchdog import Lease
from runtime.follower import FixedFollower
from runtime.settings import KafkaSettings
from schemas.monitor import Monitor

CHANGELOG = "p.counting-rows-changelog"


def store() -> RowStore:
    table: Any = SimpleNamespace(name="rows")
    app: Any = SimpleNamespace()
    return RowStore("memory://", app, table)


def read(rows: RowStore, partition: int, *records: tuple[int, bytes, bytes | None]) -> None:
    rows.apply_changelog_batch(
        [
            SimpleNamespace(message=SimpleNamespace(partition=partition, offset=offset, key=key, value=value))
            for offset, key, value in records
        ],
        bytes,
        bytes,
    )


def test_rows_of_one_partition_are_seen_without_those_of_others() -> None:
    rows = store()
    read(rows, 0, (0, b"a", b"1"), (1, b"b", b"2"), (2, b"a", None))
    read(rows, 1, (0, b"a", b"9"))
    assert dict(rows.rows(0)) == {b"b": b"2"}
    assert dict(rows.rows(1)) == {b"a": b"9"}
    assert rows.count() == 2


def test_recovery_goes_on_behind_what_is_in_the_rows() -> None:
    rows = store()
    assert rows.persisted_offset(TP(CHANGELOG, 0)) == NOTHING_READ
    read(rows, 0, (7, b"a", b"1"))
    rows.set_persisted_offset(TP(CHANGELOG, 0), 9)  # an own write, acknowledged
    assert rows.persisted_offset(TP(CHANGELOG, 0)) == 9


def test_a_partition_that_others_hold_is_forgotten_and_read_from_the_beginning_when_it_comes_back() -> None:
    rows = store()
    read(rows, 0, (7, b"a", b"1"))
    read(rows, 1, (3, b"a", b"1"))
    asyncio.run(rows.on_recovery_completed({TP(CHANGELOG, 1)}, set()))
    assert rows.persisted_offset(TP(CHANGELOG, 0)) == NOTHING_READ
    assert dict(rows.rows(0)) == {}
    assert dict(rows.rows(1)) == {b"a": b"1"}


def test_generation_changes_with_recovery_and_with_a_partition_that_comes_back_and_not_with_own_writes() -> None:
    rows = store()
    seen = [rows.rows(0).generation]
    read(rows, 0, (0, b"a", b"1"))
    seen.append(rows.rows(0).generation)
    rows.rows(0).put(b"b", b"2")
    assert rows.rows(0).generation == seen[-1]
    asyncio.run(rows.on_recovery_completed(set(), set()))
    seen.append(rows.rows(0).generation)
    assert len(set(seen)) == len(seen)


def app_of(tmp_path: Path, **settings: Any) -> ControlApp:
    async def make() -> ControlApp:
        projection = Projection("counting", "profiles", lambda *_: Effects(), tmp_path, slot="s1")
        kafka = KafkaSettings(bootstrap_servers="one:1,two:2", topic_prefix="p.", **settings)
        return control_app(projection, kafka, 3, Lease(ManualClock(), 1.0))

    return asyncio.run(make())


def test_the_app_is_configured_as_the_guardrails_say(tmp_path: Path) -> None:
    conf = app_of(tmp_path, security_protocol="PLAINTEXT").conf
    assert conf.id == "p.counting"
    assert conf.processing_guarantee.value == "at_least_once"
    assert conf.consumer_group_instance_id == "p.counting-s1"
    assert (conf.broker_session_timeout, conf.broker_commit_interval) == (10.0, 0.5)
    assert conf.table_standby_replicas == 0
    assert conf.consumer_auto_offset_reset == "earliest"
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert conf.producer_acks == -1
    assert conf.producer_max_request_size > 8_388_608
    assert [f"{url.host}:{url.port}" for url in conf.broker] == ["one:1", "two:2"]


def test_credentials_reach_the_clients(tmp_path: Path) -> None:
    app = app_of(tmp_path, security_protocol="SASL_PLAINTEXT", sasl_username="u", sasl_password="p")  # noqa: S106  a test
    auth = app.producer._settings_auth()
    assert auth["security_protocol"] == "SASL_PLAINTEXT"
    assert (auth["sasl_plain_username"], auth["sasl_plain_password"]) == ("u", "p")


def test_a_fixed_follower_is_one_without_kafka() -> None:
    follower = FixedFollower({"a": Monitor(model="a")})
    follower.wait_caught_up(0)
    before = follower.values
    follower.set({})
    assert (list(before), list(follower.values), follower.generation) == (["a"], [], 1)
