"""The join and its windows under faults: windows equal a recount of what was written, each label is joined once.

DRIFTLINE_CHAOS_FAULTS=200 makes the long run; DRIFTLINE_CHAOS_SEED another order of faults.
"""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from driftline import accounts
from driftline.audit import audit
from runtime.admin import create_topics, end_offsets
from runtime.settings import KafkaSettings
from schemas.ledger import Ledger
from schemas.performance_window import PerformanceWindow
from tests.chaos.faults import FAULTS as EVERY
from tests.chaos.faults import Arena, inject, kill_all
from tests.chaos.harness import Workers, broker_behind_proxy, read
from tests.chaos.label_accounts import TOPICS, became, faults, must_have_become
from tests.chaos.labelled_feeder import LabelledFeeder
from tests.chaos.proxy import HOST
from tests.chaos.store_faults import store_faults
from tests.integration.drift.services import apply
from tests.performance_stream import quantities
from tests.properties.performance_windows.recount import differences, joined, recount
from tests.properties.performance_windows.stream import MONITORS as QUICK

FAULTS = int(os.environ.get("DRIFTLINE_CHAOS_FAULTS", "10"))
SEED = int(os.environ.get("DRIFTLINE_CHAOS_SEED", "1"))
CATCH_UP_S = 150
STEP_MS = 60_000 // max(FAULTS, 30)
"""Event time from one id to the next: the whole run stays within a day, so that nothing is too late for a window."""
MONITORS = {
    name: one.model_copy(update={"performance": one.performance.model_copy(update={"early": 5_000})})
    for name, one in QUICK.items()
}
JOINS = ("join-0", "join-1")
SLOTS = (*JOINS, "windows-0")
ANY = (
    "kill -9",
    "kill -9 of all",
    "SIGSTOP within the session",
    "SIGSTOP past the session",
    "EndTxn held",
    "connections dropped",
    "broker kill -9",
)
OF_DRIFT = {"ranges", "events", "dead letters", "profiles", "windows"}
"""Checks of the audit about services that do not run here."""


def windows(settings: KafkaSettings) -> list[PerformanceWindow]:
    """The newest revision of every window."""
    newest: dict[str, PerformanceWindow] = {}
    for _, _, value in read(settings, "windows"):
        window = PerformanceWindow.model_validate_json(value)
        if window.window_id not in newest or window.revision >= newest[window.window_id].revision:
            newest[window.window_id] = window
    return list(newest.values())


def ledger(settings: KafkaSettings) -> list[Ledger]:
    """All accounts."""
    return [Ledger.model_validate_json(value) for _, _, value in read(settings, "ledger")]


def unbalanced(settings: KafkaSettings) -> list[str]:
    """What the audit says of performance."""
    checks = audit(accounts.read(settings)).checks
    return [f"{one.name}: {one.detail}" for one in checks if one.name not in OF_DRIFT and one.outcome != "balanced"]


def differing(settings: KafkaSettings, feeder: LabelledFeeder) -> list[str]:
    """Windows that are open, or say anything else than what was written."""
    found = windows(settings)
    expected = recount(joined(*map(feeder.of, TOPICS), MONITORS), MONITORS)
    return differences(found, expected) + [f"{w.window_id} is open" for w in found if not w.final]


def wait_until_none(what: Callable[[], list[str]], workers: Workers) -> list[str]:
    """Tends the workers until there is nothing to say, or time is up; returns what there is."""
    for _ in range(CATCH_UP_S // 3):
        workers.wait(3)
        if not (found := what()):
            return found
    return what()


@pytest.mark.chaos
@pytest.mark.kafka
@pytest.mark.timeout(600 + 30 * FAULTS)
def test_windows_equal_a_recount_and_each_label_is_judged_once(tmp_path: Path) -> None:
    with broker_behind_proxy(tmp_path / "kafka") as (broker, proxy):
        direct = broker.settings("chaos.")
        create_topics(direct)
        for name, monitor in MONITORS.items():
            apply(direct, "monitors", name, monitor)
        for name, baseline in quantities().items():
            apply(direct, "baselines", name, baseline)
        proxied = KafkaSettings(bootstrap_servers=f"{HOST}:{proxy.port}", topic_prefix=direct.topic_prefix)

        def command(slot: str) -> list[str]:
            process, _, number = slot.partition("-")
            own = (f"DRIFTLINE_SLOT={number}", f"DRIFTLINE_DATA_DIR={tmp_path / slot}")
            return ["env", *own, sys.executable, "-m", "services.performance", process]

        workers = Workers(command, SLOTS, proxied, tmp_path / "workers.log")
        try:
            arena = Arena(workers, broker, proxy, random.Random(SEED))
            table = {name: EVERY[name] for name in ANY} | store_faults(lambda slot: tmp_path / slot / "join", JOINS)
            with LabelledFeeder(direct, rate=100, seed=SEED, step_ms=STEP_MS) as feeder:
                workers.wait(10)
                inject(arena, FAULTS, table)
            undone = wait_until_none(lambda: unbalanced(direct), workers)
            feeder.write_the_end()
            kill_all(arena)
            undone += wait_until_none(lambda: unbalanced(direct), workers)
            wrong = wait_until_none(lambda: differing(direct, feeder), workers)
            codes = workers.drain()
        finally:
            workers.end()
        written = ledger(direct)
        own = [account for account in written if account.service == "performance-join"]
        wrong += faults(own, end_offsets(direct, TOPICS))
        found, expected = became(own), must_have_become(feeder.written, joined(*map(feeder.of, TOPICS), MONITORS))
    report = f"{dict(arena.done)} exits {dict(workers.exits)} drained {codes} {len(feeder.written)} events: {found}"
    print(report)  # noqa: T201  shown with -s, and when it fails
    log = (tmp_path / "workers.log").read_text()[-20_000:]
    assert not wrong, f"{len(wrong)} differences: {wrong[:10]} {report} {log}"
    assert not undone, f"{undone} {report} {log}"
    assert found == expected, f"{expected} {report}"
    assert len(written) == len(own), "nothing is too late for any window"
