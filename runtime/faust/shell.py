"""What surrounds a handler: output, then state, then the offset; each only when the one before it is safe.

Faust commits what its streams took, whether or not an agent raised. Here the shell alone says which offsets are
finished, and a commit waits until the rows it stands for are acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import NoReturn, Protocol

from runtime.faust.account import Account, Turn
from runtime.faust.halt import halt
from runtime.faust.projection import BadRecord, Effects, Event, Handler, Rows
from runtime.log.protocol import OutRecord
from schemas.dead_letter import PAYLOAD_CAP_BYTES, DeadLetter

MAX_UNACKNOWLEDGED = 500
"""Row writes under way before the next event has to wait."""


class Sink(Protocol):
    """Where records go."""

    async def send(self, record: OutRecord) -> Awaitable[None]:
        """Queues a record of the catalogue; the awaitable is done when it is acknowledged by all in-sync replicas."""
        ...

    async def write(self, partition: int, key: bytes, value: bytes | None) -> "asyncio.Future[None]":
        """Queues a row for the changelog, behind those before it; the same."""
        ...


def dead_letter(service: str, event: Event, bad: BadRecord) -> OutRecord:
    """The record for `dead-letters`."""
    letter = DeadLetter(
        service=service,
        reason=bad.reason,
        detail=bad.detail,
        topic=event.topic,
        partition=event.partition,
        offset=event.offset,
        model=bad.model,
        time_ms=bad.time_ms,
        payload=event.value[:PAYLOAD_CAP_BYTES],
        payload_size=len(event.value),
        record_key=event.key,
    )
    key = f"{event.topic}/{event.partition}/{event.offset}/"
    return OutRecord("dead-letters", key.encode(), letter.to_json())


class Shell:
    """Runs one event at a time through the handler. Lives on one event loop."""

    def __init__(
        self,
        service: str,
        handle: Handler,
        rows: Callable[[int], Rows],
        sink: Sink,
        *,
        check_lease: Callable[[], None] = lambda: None,
        on_dead: Callable[[BadRecord], None] = lambda _: None,
        give_up: Callable[[str, str], NoReturn] = halt,
    ) -> None:
        self.events = 0
        """Finished so far."""
        self.account = Account()
        self._service = service
        self._handle = handle
        self._rows = rows
        self._sink = sink
        self._check_lease = check_lease
        self._on_dead = on_dead
        self._give_up = give_up
        self._unacknowledged: set[asyncio.Future[None]] = set()
        self._turn = asyncio.Lock()

    async def process(
        self, event: Event, is_current: Callable[[], bool] = lambda: True, refused: BadRecord | None = None
    ) -> None:
        """Applies one event; one that is `refused` already is dead-lettered.

        `is_current` is asked once it is its turn: False lets it go, to come again.
        """
        async with self._turn:
            turn = self.account.turn(event.partition, event.offset)
            if turn is Turn.DONE or not is_current():
                return
            where = f"{event.topic}/{event.partition}@{event.offset}"
            if turn is Turn.EARLY:
                self._give_up(
                    f"Faust lost a record before {where}",
                    "nothing, if it starts again by itself: nothing was committed, and the record comes again",
                )
            effects = self._effects(event) if refused is None else self._refusal(event, refused)
            try:
                await self._publish(effects.out)
                await self._write(event.partition, effects)
            except Exception as error:  # noqa: BLE001  whichever: Kafka did not take it
                self._give_up(
                    f"{self._service} could not write what {where} leads to: {error!r}",
                    "check that the brokers are reachable and the topics exist; the event comes again after a restart",
                )
            self.account.finish(event.partition, event.offset)
            self.events += 1

    def _effects(self, event: Event) -> Effects:
        try:
            return self._handle(event, self._rows(event.partition))
        except BadRecord as bad:
            return self._refusal(event, bad)
        except Exception as error:  # noqa: BLE001  the event must not count as done, whatever it was
            self._give_up(
                f"{self._service} failed on {event.topic}/{event.partition}@{event.offset}: {error!r}",
                "read the traceback; mend the handler or what it depends on: nothing of this event was kept, "
                "and it comes again after a restart",
            )

    def _refusal(self, event: Event, bad: BadRecord) -> Effects:
        self._on_dead(bad)
        return Effects(out=(dead_letter(self._service, event, bad),))

    async def _publish(self, out: Iterable[OutRecord]) -> None:
        acknowledgements = []
        for record in out:
            self._check_lease()
            acknowledgements.append(await self._sink.send(record))
        for acknowledgement in acknowledgements:
            await acknowledgement

    async def _write(self, partition: int, effects: Effects) -> None:
        if len(self._unacknowledged) > MAX_UNACKNOWLEDGED:
            await self.settle()
        rows = self._rows(partition)
        for key, value in effects.writes.items():
            self._check_lease()
            future = await self._sink.write(partition, key, value)
            self._unacknowledged.add(future)
            future.add_done_callback(self._acknowledged)
            rows.put(key, value)

    def _acknowledged(self, future: "asyncio.Future[None]") -> None:
        self._unacknowledged.discard(future)
        error = future.exception()
        if error is not None:
            self._give_up(
                f"Kafka did not take a row of {self._service}: {error!r}",
                "check the brokers and the changelog's max.message.bytes; the event comes again after a restart",
            )

    async def settle(self) -> None:
        """Waits until every row written so far is acknowledged."""
        while self._unacknowledged:
            await asyncio.wait(set(self._unacknowledged))

    async def pause(self) -> None:
        """Waits for the event under way, if any, and lets no further one begin until `resume`."""
        await self._turn.acquire()
        await self.settle()

    def resume(self) -> None:
        """Lets events go on."""
        self._turn.release()
