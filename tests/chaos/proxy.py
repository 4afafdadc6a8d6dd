"""A TCP proxy that knows where Kafka's requests begin: it changes no byte, but holds, delays and cuts when told."""

import asyncio
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Self

HOST = "127.0.0.1"
END_TXN = 26
_LENGTH = struct.Struct(">i")
_API_KEY = struct.Struct(">h")
_CHUNK_BYTES = 65_536


class Proxy:
    """Listens on `port` and forwards to the broker's `behind`; the broker must advertise `port`. A context manager.

    `request_delay_s` and `response_delay_s` may be set at any time.
    """

    def __init__(self, port: int, behind: int) -> None:
        self.port = port
        self.request_delay_s = 0.0
        self.response_delay_s = 0.0
        self._behind = behind
        self._hold_next: int | None = None
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests_flow = asyncio.Event()
        self._responses_flow = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def held(self) -> int:
        """Requests held now."""
        return len(self._held)

    def hold_next(self, api_key: int = END_TXN) -> None:
        """Keeps the next request of this kind; its client waits for the answer in vain."""
        self._hold_next = api_key

    def release(self) -> None:
        """Delivers what is held, even of clients that are gone, and holds no more."""
        self._hold_next = None
        self._call(self._release())

    def block(self, *, requests: bool = False, responses: bool = False) -> None:
        """Keeps everything waiting in the directions named, and lets it flow in the others."""
        for flow, blocked in ((self._requests_flow, requests), (self._responses_flow, responses)):
            self._loop.call_soon_threadsafe(flow.clear if blocked else flow.set)

    def drop_connections(self) -> None:
        """Closes every connection; clients may connect again."""
        self._call(self._drop())

    def __enter__(self) -> Self:
        self._thread.start()
        self.block()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def _close(self) -> None:
        self._server.close()
        await self._drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drop(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _release(self) -> None:
        held, self._held = self._held, []
        for broker, frame in held:
            broker.write(frame)

    async def _serve(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        try:
            broker_in, broker_out = await asyncio.open_connection(HOST, self._behind)
        except ConnectionError:  # the broker is down: so is its proxy
            client_out.close()
            return
        self._writers |= {client_out, broker_out}
        for work in (self._requests(client_in, broker_out), self._responses(broker_in, client_out)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _requests(self, client: asyncio.StreamReader, broker: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = await client.readexactly(_LENGTH.size)
                body = await client.readexactly(*_LENGTH.unpack(length))
                await asyncio.sleep(self.request_delay_s)
                await self._requests_flow.wait()
                if self._hold_next == _API_KEY.unpack_from(body)[0]:
                    self._hold_next = None
                    self._held.append((broker, length + body))
                    continue
                broker.write(length + body)
                await broker.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self._writers.discard(broker)
            if all(writer is not broker for writer, _ in self._held):  # else the held request may still go out
                broker.close()

    async def _responses(self, broker: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            while chunk := await broker.read(_CHUNK_BYTES):
                await asyncio.sleep(self.response_delay_s)
                await self._responses_flow.wait()
                client.write(chunk)
                await client.drain()
        except ConnectionError:
            pass  # the client is gone
        finally:
            self._writers.discard(client)
            client.close()
