"""What is deployed is what there is, with a complete Kafka and nothing open to the network."""

import json
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import yaml

from runtime.broker.jars import ENDPOINT
from schemas.topics import TOPICS
from tests.unit.house.tree import ROOT

BROKER_VERSION = re.search(r"kafka_[\d.]+:([\d.]+)", ENDPOINT)[1]

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "driftline"}
LONG_LIVED = {name: service for name, service in OURS.items() if name != "topics"}

KRAFT = [
    "NODE_ID",
    "PROCESS_ROLES",
    "CONTROLLER_QUORUM_VOTERS",
    "CONTROLLER_LISTENER_NAMES",
    "LISTENERS",
    "ADVERTISED_LISTENERS",
    "LISTENER_SECURITY_PROTOCOL_MAP",
    "INTER_BROKER_LISTENER_NAME",
    "LOG_DIRS",
    "OFFSETS_TOPIC_REPLICATION_FACTOR",
    "TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    "TRANSACTION_STATE_LOG_MIN_ISR",
    "GROUP_INITIAL_REBALANCE_DELAY_MS",
    "SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
    "SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
]


def test_every_service_of_the_repository_is_in_the_compose_file() -> None:
    commands = {tuple(service["command"]) for service in LONG_LIVED.values()}
    folders = {path.parent for name in ("handler.py", "exchange.py") for path in (ROOT / "services").rglob(name)}
    wanted = {
        (f"services.{parts[0]}", *parts[1:]) for parts in (f.relative_to(ROOT / "services").parts for f in folders)
    }
    assert commands == wanted


def test_services_are_named_as_in_the_topic_catalogue() -> None:
    known = {service for topic in TOPICS.values() for service in (*topic.producers, *topic.consumers)}
    assert set(LONG_LIVED) <= known


def test_kafka_has_the_full_kraft_environment() -> None:
    """One KAFKA_ variable drops all of the image's defaults."""
    kafka = COMPOSE["services"]["kafka"]
    assert kafka["image"] == f"apache/kafka:{BROKER_VERSION}"  # the one that every test runs on
    assert {f"KAFKA_{name}" for name in KRAFT} <= set(kafka["environment"])
    assert kafka["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_every_listener_of_kafka_has_a_protocol_and_every_client_one_is_advertised() -> None:
    environment = COMPOSE["services"]["kafka"]["environment"]
    names = {key: set(re.findall(r"([A-Z]+):", environment[f"KAFKA_{key}"])) for key in (
        "LISTENERS", "ADVERTISED_LISTENERS", "LISTENER_SECURITY_PROTOCOL_MAP",
    )}  # fmt: skip
    assert names["LISTENERS"] == names["LISTENER_SECURITY_PROTOCOL_MAP"]
    assert names["ADVERTISED_LISTENERS"] == names["LISTENERS"] - {environment["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert environment["KAFKA_INTER_BROKER_LISTENER_NAME"] in names["ADVERTISED_LISTENERS"]


def test_the_cluster_id_is_a_uuid_as_kafka_writes_them() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", COMPOSE["services"]["kafka"]["environment"]["CLUSTER_ID"])


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_ports_are_published_on_loopback_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in COMPOSE["services"][name].get("ports", ()))


def test_no_port_is_published_twice() -> None:
    ports = [port.rsplit(":", 1)[0] for service in COMPOSE["services"].values() for port in service.get("ports", ())]
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize("name", LONG_LIVED)
def test_a_service_restarts_is_checked_and_waits_for_its_topics(name: str) -> None:
    service = LONG_LIVED[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][:3] == ["CMD", "python", "-m"]
    assert service["healthcheck"]["test"][-1] == service["environment"]["DRIFTLINE_METRICS_PORT"]
    assert service["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", LONG_LIVED)
def test_a_service_writes_only_where_its_container_lets_it(name: str) -> None:
    service = LONG_LIVED[name]
    assert service["read_only"] is True
    mounted = {volume.split(":")[1] for volume in service.get("volumes", ())}
    assert service["environment"]["DRIFTLINE_DATA_DIR"] in {*service["tmpfs"], *mounted}


def test_every_volume_that_is_used_is_declared() -> None:
    used = {volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])


def test_the_image_is_locked_by_hashes_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text().splitlines()
    steps = [line.split(maxsplit=1) for line in lines if re.match(r"[A-Z]+ ", line)]
    assert steps[0] == ["FROM", "python:3.11-slim"]
    assert ["RUN", "pip install --require-hashes -r requirements.txt"] in steps
    assert [argument for step, argument in steps if step == "USER"][-1] == "driftline"
    assert ["ENTRYPOINT", '["python", "-m"]'] in steps


@pytest.mark.parametrize("source", re.findall(r"^COPY (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE))
def test_the_image_copies_only_what_exists_and_what_the_build_context_holds(source: str) -> None:
    assert list(ROOT.glob(source))
    assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_follows_the_service_s_answer(status: int, code: int) -> None:
    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"status": status}).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "deploy.healthcheck", str(server.server_port)],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
    assert (asked.returncode, json.loads(asked.stdout)) == (code, {"status": status})
