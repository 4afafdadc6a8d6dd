"""Probes over real HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from runtime.clock import ManualClock
from runtime.health import STALE_S, Health, HealthServer
from runtime.metrics import Metrics


class Probe:
    """A service's health as an orchestrator sees it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.health = Health(self.clock)
        self.metrics = Metrics("triggers")
        self.server = HealthServer(self.metrics, self.health)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    with probe.server:
        yield probe


def test_a_service_is_alive_while_it_makes_progress(probe: Probe) -> None:
    probe.clock.sleep(STALE_S)
    assert probe.get("/healthz")[0] == 200
    probe.clock.sleep(1)
    status, body = probe.get("/healthz")
    assert (status, json.loads(body)["progress_age_s"]) == (503, STALE_S + 1)
    probe.health.beat()
    assert probe.get("/healthz")[0] == 200


def test_a_service_is_ready_when_it_says_so_and_only_while_alive(probe: Probe) -> None:
    assert json.loads(probe.get("/readyz")[1]) == {"ready": False, "waiting_for": "start"}
    probe.health.ready()
    assert probe.get("/readyz")[0] == 200
    probe.health.wait_for("an assignment")
    assert probe.get("/readyz") == (503, '{"ready": false, "waiting_for": "an assignment"}')
    probe.health.ready()
    probe.clock.sleep(STALE_S + 1)
    assert json.loads(probe.get("/readyz")[1])["waiting_for"] == "progress"


def test_metrics_are_served_and_other_paths_are_not(probe: Probe) -> None:
    probe.metrics.set("driftline_rows", 12)
    status, body = probe.get("/metrics")
    assert status == 200
    assert 'driftline_rows{service="triggers"} 12.0' in body
    assert probe.get("/etc/passwd")[0] == 404


def test_it_listens_on_loopback_alone_and_frees_its_port() -> None:
    first = HealthServer(Metrics("a"), Health(ManualClock()))
    assert first._server.server_address[0] == "127.0.0.1"
    with first:
        port = first.port
    with HealthServer(Metrics("b"), Health(ManualClock()), port) as second:
        assert second.port == port
