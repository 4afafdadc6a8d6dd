"""Services that are started count as ready when they say so themselves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from driftline.connection import ServiceState
from driftline.processes import SERVICES, Process, free_port, processes
from driftline.readiness import is_ready
from driftline.stack import Stack
from runtime.clock import SystemClock
from schemas.topics import TOPICS


@contextmanager
def service(*answers: int) -> Iterator[str]:
    """A service whose `/readyz` answers so, one after the other, the last one ever after; gives its address."""
    left = list(answers)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({}).encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def stack_of(tmp_path: Path, *addresses: str) -> Stack:
    stack = Stack(tmp_path, SystemClock())
    stack.processes = [
        Process(str(number), (), {}, ServiceState(log="", metrics=address)) for number, address in enumerate(addresses)
    ]
    return stack


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_a_service_is_ready_when_it_says_so(status: int, *, ready: bool) -> None:
    with service(status) as address:
        assert is_ready(address) is ready
    assert not is_ready(f"http://127.0.0.1:{free_port()}")


def test_waiting_ends_when_all_are_ready(tmp_path: Path) -> None:
    with service(200) as first, service(503, 503, 200) as second:
        assert stack_of(tmp_path, first, second).wait_ready()


def test_waiting_ends_when_one_has_failed_or_time_is_up(tmp_path: Path) -> None:
    with service(503) as address:
        assert not stack_of(tmp_path, address).wait_ready(timeout_s=0.3)
        stack = stack_of(tmp_path, address)
        stack.failure = "it ends again and again"
        assert not stack.wait_ready()


def test_the_process_table_has_every_service_of_the_catalogue_that_can_be_started(tmp_path: Path) -> None:
    known = {name for topic in TOPICS.values() for name in (*topic.producers, *topic.consumers)}
    assert {one.name for one in SERVICES} <= known
    shared = {"KAFKA_BOOTSTRAP_SERVERS": "b:1", "DRIFTLINE_REGISTRY_URL": "sqlite:///r.db"}
    started = {process.name: process for process in processes(tmp_path, 2, shared)}
    assert all(process.environment.items() >= shared.items() for process in started.values())
    assert started["performance-join-1"].argv[1:] == ("-m", "services.performance", "join")
    assert started["performance-join-1"].environment["DRIFTLINE_SLOT"] == "1"
    assert "performance-windows" in started
    assert len({process.environment["DRIFTLINE_DATA_DIR"] for process in started.values()}) == len(started)
