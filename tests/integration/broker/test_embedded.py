"""The embedded broker as operators and chaos tests treat it: stopped, killed, frozen, orphaned, offline."""

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from runtime.admin import create_topics, end_offsets
from runtime.broker import EmbeddedKafka, ports
from runtime.broker.jars import LOCK, cache_dir, class_path
from runtime.broker.ports import free_port
from runtime.errors import OperatorError
from runtime.settings import KafkaSettings

BrokerFactory = Callable[..., EmbeddedKafka]
OLD_MS = 1_357_000_000_000  # January 2013


def write(settings: KafkaSettings, value: bytes, timestamp_ms: int = 0) -> None:
    """Returns when the broker has acknowledged it."""
    failures: list[KafkaError] = []
    producer = Producer(settings.client())
    stamp = {"timestamp": timestamp_ms} if timestamp_ms else {}
    producer.produce(
        settings.topic("labels"),
        value,
        partition=0,
        on_delivery=lambda error, _: failures.append(error) if error else None,
        **stamp,
    )
    assert producer.flush(20) == 0
    assert failures == []


def read(settings: KafkaSettings, count: int) -> list[bytes]:
    consumer = Consumer(settings.client(**{"group.id": "reader"}))
    consumer.assign([TopicPartition(settings.topic("labels"), 0, 0)])
    values = [message.value() for message in consumer.consume(count, 20)]
    consumer.close()
    return values


def test_records_survive_freeze_kill_stop_and_a_new_port(broker_factory: BrokerFactory) -> None:
    broker = broker_factory()
    settings = broker.settings()
    create_topics(settings, names=["labels"])
    admin = AdminClient(settings.client())
    write(settings, b"before the freeze", OLD_MS)

    broker.suspend()
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=1)
    broker.resume()
    assert admin.list_topics(timeout=20).brokers
    write(settings, b"before the kill", OLD_MS)

    port, first_pid = broker.port, broker.pid
    broker.kill()
    broker.start()
    broker.wait_ready()
    assert broker.port == port
    assert broker.pid != first_pid
    write(settings, b"before the stop")

    broker.stop()
    with EmbeddedKafka(broker.data_dir) as again:
        assert again.port != port
        assert read(again.settings(), 3) == [b"before the freeze", b"before the kill", b"before the stop"]


def test_a_directory_in_use_is_refused_with_the_holders_address(kafka: EmbeddedKafka) -> None:
    with pytest.raises(OperatorError, match=f"in use by process {os.getpid()}, broker at 127.0.0.1:{kafka.port}"):
        EmbeddedKafka(kafka.data_dir).start()


def test_a_port_in_use_fails_although_a_broker_answers_there(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="Address already in use"):
        EmbeddedKafka(tmp_path, port=kafka.port).__enter__()


def test_free_ports_differ_and_are_never_given_to_outgoing_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    free = [free_port() for _ in range(20)]
    assert len(set(free)) == 20
    assert max(free) < lowest
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free[0]))
        monkeypatch.setattr(ports, "_candidates", itertools.count(free[0] - ports._PORTS[0]))
        assert free_port() != free[0], "one that is taken is passed over"


def test_a_topic_that_nobody_made_is_an_error(kafka: EmbeddedKafka) -> None:
    settings = kafka.settings("nobody.")
    with pytest.raises(OperatorError, match=r"nobody\.labels"):
        end_offsets(settings, ["labels"])


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program of its own that starts a broker from a short-lived thread, prints its pid, and does nothing more."""
    source = (
        "import pathlib, sys, threading, time\n"
        "from runtime.broker import EmbeddedKafka\n"
        "broker = EmbeddedKafka(pathlib.Path(sys.argv[1]))\n"
        "thread = threading.Thread(target=broker.start)\n"
        "thread.start(); thread.join(); broker.wait_ready()\n"
        "print(broker.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path / "kafka")], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.kafka
def test_the_broker_dies_with_its_parent_even_by_kill_9(program: subprocess.Popen[str]) -> None:
    assert program.stdout is not None
    java = psutil.Process(int(program.stdout.readline()))
    assert java.is_running()
    program.send_signal(signal.SIGKILL)
    program.wait()
    java.wait(60)


def test_cached_jars_need_no_network_and_damaged_ones_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = class_path()
    monkeypatch.setenv("DRIFTLINE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "none"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there
    assert cache_dir() == tmp_path
    (tmp_path / "kafka").mkdir()
    for jar in cached:
        (tmp_path / "kafka" / jar.name).symlink_to(jar)
    assert [jar.name for jar in class_path()] == [jar.name for jar in cached]
    damaged = tmp_path / "kafka" / cached[0].name
    damaged.unlink()
    damaged.write_bytes(b"half a jar")
    with pytest.raises(OperatorError, match=r"cannot fetch at\.yawk\.lz4:lz4-java"):
        class_path()


def test_a_jar_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTLINE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    coordinate = LOCK.read_text().split('"')[1]
    group, artifact, version = coordinate.split(":")
    forged = tmp_path / "m2" / Path(*group.split(".")) / artifact / version / f"{artifact}-{version}.jar"
    forged.parent.mkdir(parents=True)
    forged.write_bytes(b"not it")
    with pytest.raises(OperatorError, match=r"is not the .* pinned in jars\.json"):
        class_path()
