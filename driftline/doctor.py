"""Checks of what Driftline needs, each with its next step."""

import importlib.metadata
import platform
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from rich.table import Table

from driftline import connection
from driftline import registry as places
from driftline.connection import Connection
from driftline.errors import CommandError
from driftline.lag import lags
from driftline.output import count, table
from driftline.retention import is_raised
from runtime.admin import describe, differences
from runtime.broker.java import find_java
from runtime.clock import SystemClock
from runtime.errors import OperatorError
from runtime.kafka_errors import next_step
from runtime.registry.lineage import models
from schemas.topics import TOPICS

Outcome = Literal["ok", "warn", "fail"]
_FREE_GB = 1.0
_SKEW_S = 60.0
_TIMEOUT_S = 5.0
_BEHIND = 10_000


class Finding(NamedTuple):
    """One check."""

    check: str
    outcome: Outcome
    detail: str
    next_step: str = ""


def examine(data_dir: Path) -> list[Finding]:
    """Runs every check; those of Kafka only where there is one."""
    findings = [python(), java(), disk(data_dir), registry(data_dir)]
    try:
        found = connection.find(data_dir)
    except CommandError as error:
        return [*findings, Finding("kafka", "warn", error.what, error.next_step)]
    reached = kafka(found)
    findings.append(reached)
    if reached.outcome == "ok":
        for check in (topics, services, clock):
            findings += _guarded(check, found)
    return findings


def python() -> Finding:
    """The interpreter and the packages."""
    version = platform.python_version()
    if sys.version_info[:2] != (3, 11):
        return Finding(
            "python",
            "fail",
            f"Python {version}",
            "run Driftline with Python 3.11: bin/setup makes the environment",
        )
    return Finding("python", "ok", f"Python {version}, driftline {importlib.metadata.version('driftline')}")


def java() -> Finding:
    """The Java that would run a broker."""
    try:
        found = find_java()
    except OperatorError as error:
        return Finding("java", "fail", error.what, error.next_step)
    return Finding("java", "ok", f"Java {found.version} at {found.path}")


def disk(data_dir: Path) -> Finding:
    """Free space where Kafka's data go."""
    there = next(path for path in (data_dir.resolve(), *data_dir.resolve().parents) if path.exists())
    free_gb = shutil.disk_usage(there).free / 1e9
    detail = f"{free_gb:.1f} GB free at {there}"
    if free_gb < _FREE_GB:
        return Finding("disk", "warn", detail, f"free {_FREE_GB:.0f} GB, or choose another --data-dir")
    return Finding("disk", "ok", detail)


def registry(data_dir: Path) -> Finding:
    """Where the registry is, and whether it opens."""
    try:
        settings = places.settings_of(data_dir)
        where = places.place(settings)
        if settings.file is not None and not settings.file.exists():
            return Finding("registry", "ok", f"none yet: services make it at {where}")
        with places.opened(data_dir) as opened, opened.reading() as session:
            known = len(models(session))
    except OperatorError as error:
        return Finding("registry", "fail", error.what, error.next_step)
    return Finding("registry", "ok", f"{known} model(s) at {where}, artifacts at {settings.artifacts}")


def kafka(found: Connection) -> Finding:
    """Whether the broker answers."""
    servers = f"{found.settings.bootstrap_servers} ({found.found_in})"
    errors: list[KafkaError] = []
    admin = AdminClient(found.settings.client(error_cb=errors.append))
    try:
        brokers = admin.list_topics(timeout=_TIMEOUT_S).brokers
    except KafkaException as error:
        cause = errors[-1] if errors else error.args[0]
        return Finding("kafka", "fail", f"{servers} does not answer: {cause.str()}", next_step(cause))
    return Finding("kafka", "ok", f"{servers}, {len(brokers)} broker(s)")


def topics(found: Connection) -> Iterator[Finding]:
    """Whether the catalogue's topics are there and as the catalogue has them; longer kept for labels is in order."""
    states = describe(found.settings, TOPICS)
    differing = [
        str(difference)
        for name, state in states.items()
        for difference in differences(TOPICS[name], state)
        if not is_raised(difference)
    ]
    if differing:
        yield Finding("topics", "warn", "; ".join(differing), "see each")
    else:
        yield Finding("topics", "ok", f"all {len(states)} are as the catalogue has them")


def services(found: Connection) -> Iterator[Finding]:
    """Whether started services say that they are well, and how far every service is behind."""
    for name, service in found.running.services.items() if found.running else ():
        if service.metrics:
            yield _health(name, service.metrics, service.log)
    for lag in lags(found.settings):
        behind = f"{lag.service} has {count(lag.records)} records of {lag.topic} to read"
        if lag.records > _BEHIND:
            yield Finding("lag", "warn", behind, "wait, or start more workers: driftline up --workers")
        else:
            yield Finding("lag", "ok", behind)


def clock(found: Connection) -> Iterator[Finding]:
    """Whether records come from this machine's future: then one of the clocks is wrong."""
    soon = TopicPartition(found.settings.topic("ledger"), 0, round(SystemClock().wall_ms() + _SKEW_S * 1_000))
    consumer = Consumer(found.settings.client(**{"group.id": "driftline-cli", "error_cb": lambda _: None}))
    try:
        (first,) = consumer.offsets_for_times([soon], timeout=_TIMEOUT_S)
    finally:
        consumer.close()
    if first.offset >= 0:
        step = "set both clocks by NTP: events from the future are dead-lettered"
        yield Finding("clock", "warn", f"records are more than {_SKEW_S:.0f} s ahead of this machine's clock", step)
    else:
        yield Finding("clock", "ok", "no record is ahead of this machine's clock")


def findings_table(findings: list[Finding]) -> Table:
    """The findings for people."""
    marks = {"ok": "✓ ok", "warn": "◇ warn", "fail": "◆ fail"}
    return table(
        None,
        ("check", "", "found"),
        (
            (f.check, marks[f.outcome], f.detail + (f"\nNext step: {f.next_step}." if f.next_step else ""))
            for f in findings
        ),
    )


def _guarded(check: Callable[[Connection], Iterator[Finding]], found: Connection) -> list[Finding]:
    try:
        return list(check(found))
    except OperatorError as error:
        return [Finding(check.__name__, "fail", error.what, error.next_step)]
    except KafkaException as error:
        return [Finding(check.__name__, "fail", error.args[0].str(), next_step(error.args[0]))]


def _health(name: str, address: str, log: str) -> Finding:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:  # noqa: S310  our own http address
            answer.read()
    except (urllib.error.URLError, OSError) as error:
        return Finding(name, "fail", f"does not answer at {address}: {error}", f"see {log}")
    return Finding(name, "ok", f"well, at {address}")
