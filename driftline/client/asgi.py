"""ASGI middleware: predictions logged while a request is answered get its latency, status and trace id.

Works with every ASGI framework; bodies are not looked at.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from driftline.client.request import Request, current
from runtime.clock import Clock, SystemClock

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context, `traceparent`


class Middleware:
    """Wraps an application: `app.add_middleware(Middleware)`, or `Middleware(app)`.

    Latency is from the request's start to the end of its answer's body. An exception before the answer is status 500.
    """

    def __init__(self, app: App, clock: Clock | None = None) -> None:
        self._app = app
        self._monotonic = (clock or SystemClock()).monotonic

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers as the application does. Raises what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(_trace(scope["headers"]))
        started_s = self._monotonic()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.known["status"] = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                request.known["latency_ms"] = (self._monotonic() - started_s) * 1_000

        token = current.set(request)
        try:
            await self._app(scope, receive, watched)
        except Exception:
            request.known.setdefault("status", 500)
            raise
        finally:
            current.reset(token)
            request.known.setdefault("latency_ms", (self._monotonic() - started_s) * 1_000)
            request.end()


def _trace(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """The trace id that the caller sent along, if any."""
    for name, value in headers:
        if name.lower() == b"traceparent" and (match := _TRACE.fullmatch(value)):
            return {"trace_id": match[1].decode()}
    return {}
