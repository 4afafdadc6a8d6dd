"""Predictions of a request know how it ended, whatever the framework."""

import asyncio
import json
from typing import Any

import pytest

from driftline.client import Client, Middleware
from driftline.client.asgi import App, Message
from runtime.clock import ManualClock
from runtime.decode.decoder import Decoder
from tests.unit.client.recording import Kept, recording

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def call(app: App, *, headers: tuple[tuple[bytes, bytes], ...] = (), kind: str = "http") -> list[Message]:
    """What the application answers to one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({"type": kind, "headers": headers}, receive, send))  # type: ignore[arg-type]  an async function
    return sent


def bodies(kept: Kept) -> list[dict[str, Any]]:
    return [json.loads(record.value() or b"") for record in kept.records]


def application(client: Client, clock: ManualClock, *, fails: bool = False, late: bool = False) -> App:
    """Logs in a thread, as frameworks run plain functions; takes 20 ms, and 5 s after its answer."""

    async def app(_scope: Message, _receive: Any, send: Any) -> None:
        await asyncio.to_thread(client.log_prediction, {"age": 1}, "stay")
        clock.sleep(0.02)
        if fails:
            raise RuntimeError("no answer")
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        clock.sleep(5)
        if late:
            client.log_batch({"age": [1, 2]}, None, ["stay", "leave"], latency_ms=3)

    return app


def test_a_prediction_gets_latency_status_and_trace_of_its_request() -> None:
    clock = ManualClock()
    with recording() as (client, kept):
        app = Middleware(application(client, clock), clock)
        sent = call(app, headers=((b"TraceParent", f"00-{TRACE}-00f067aa0ba902b7-01".encode()),))
    (event,) = bodies(kept)
    assert (round(event["latency_ms"]), event["status"], event["trace_id"]) == (20, 201, TRACE)
    assert [message["type"] for message in sent] == ["http.response.start", *["http.response.body"] * 2]


def test_an_exception_is_status_500_and_goes_on() -> None:
    clock = ManualClock()
    with recording() as (client, kept), pytest.raises(RuntimeError, match="no answer"):
        call(Middleware(application(client, clock, fails=True), clock), headers=((b"traceparent", b"nonsense"),))
    (event,) = bodies(kept)
    assert (round(event["latency_ms"]), event["status"], "trace_id" in event) == (20, 500, False)


def test_a_batch_in_a_request_keeps_what_its_caller_said() -> None:
    clock = ManualClock()
    with recording() as (client, kept):
        call(Middleware(application(client, clock, late=True), clock))
        assert client.totals.dropped == {}
    assert len(kept.records) == 2
    groups = Decoder(lambda *_: None).decode(kept.records[1:], clock.wall_ms()).groups
    assert [(group.status.tolist(), group.latency_ms.tolist()) for group in groups] == [([201, 201], [3.0, 3.0])]


def test_what_outlives_its_request_is_sent_at_once_and_other_protocols_pass_through() -> None:
    clock = ManualClock()
    with recording() as (client, kept):

        async def app(scope: Message, _receive: Any, _send: Any) -> None:
            waiting = asyncio.Event()

            async def afterwards() -> None:
                await waiting.wait()
                client.log_prediction({"age": 1}, "stay")

            if scope["type"] == "http":
                tasks.append((asyncio.create_task(afterwards()), waiting))
            else:
                client.log_prediction({"age": 1}, "leave")

        async def served() -> None:
            await Middleware(app, clock)({"type": "http", "headers": ()}, app, app)  # type: ignore[arg-type]  not called
            assert kept.records == []
            for task, waiting in tasks:
                waiting.set()
                await task

        tasks: list[tuple[asyncio.Task[None], asyncio.Event]] = []
        asyncio.run(served())
        call(Middleware(app, clock), kind="websocket")
    assert [("status" in event, event["prediction"]) for event in bodies(kept)] == [(False, "stay"), (False, "leave")]
