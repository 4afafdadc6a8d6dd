"""/metrics, /healthz and /readyz of a service, on the loopback interface unless told otherwise."""

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from runtime.clock import Clock
from runtime.metrics import Metrics

STALE_S = 30.0
"""Without progress for so long a service counts as hung."""

Answer = tuple[HTTPStatus, str, bytes]
Route = Callable[[], Answer]


class Health:
    """Whether a service makes progress (alive) and whether it serves its purpose (ready)."""

    def __init__(self, clock: Clock, stale_s: float = STALE_S) -> None:
        self._clock = clock
        self._stale_s = stale_s
        self._beat_s = clock.monotonic()
        self._waiting_for: str | None = "start"

    def beat(self) -> None:
        """Progress was made: a turn of the loop, also an idle one."""
        self._beat_s = self._clock.monotonic()

    def ready(self) -> None:
        """It serves its purpose from now on."""
        self._waiting_for = None

    def wait_for(self, reason: str) -> None:
        """It does not serve its purpose until `reason` is over."""
        self._waiting_for = reason

    def alive_answer(self) -> tuple[bool, dict[str, Any]]:
        """Verdict and explanation for /healthz."""
        age_s = self._clock.monotonic() - self._beat_s
        alive = age_s <= self._stale_s
        return alive, {"alive": alive, "progress_age_s": round(age_s, 3), "stale_s": self._stale_s}

    def ready_answer(self) -> tuple[bool, dict[str, Any]]:
        """Verdict and explanation for /readyz: ready, and alive."""
        alive, _ = self.alive_answer()
        ready = alive and self._waiting_for is None
        return ready, {"ready": ready, "waiting_for": self._waiting_for if alive else "progress"}


class HealthServer:
    """Serves them from a thread of its own; a context manager. Port 0 takes a free one: see `port`."""

    def __init__(self, metrics: Metrics, health: Health, port: int = 0, host: str = "127.0.0.1") -> None:
        self._server = ThreadingHTTPServer((host, port), _handler(metrics, health))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begins to answer."""
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self) -> None:
        """Stops answering and frees the port."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _handler(metrics: Metrics, health: Health) -> type[BaseHTTPRequestHandler]:
    def judged(answer: tuple[bool, dict[str, Any]]) -> Answer:
        good, explanation = answer
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        return status, "application/json", json.dumps(explanation).encode()

    routes: dict[str, Route] = {
        "/metrics": lambda: (HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", metrics.text()),
        "/healthz": lambda: judged(health.alive_answer()),
        "/readyz": lambda: judged(health.ready_answer()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            route = routes.get(self.path.partition("?")[0])
            if route is None:
                self.send_error(HTTPStatus.NOT_FOUND, explain=f"there are {', '.join(routes)}")
                return
            status, kind, body = route()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Probes come every few seconds: they are no news."""

    return Handler
