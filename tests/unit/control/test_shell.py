"""The shell without Kafka: a sink that keeps what it is given, and acknowledges when told."""

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

import pytest

from runtime.faust.projection import BadRecord, Effects, Event, Handler, Rows
from runtime.faust.shell import Shell
from runtime.log.protocol import OutRecord
from schemas.dead_letter import DeadLetter


class GaveUpError(Exception):
    """What the process would have ended with."""


def give_up(what: str, next_step: str) -> NoReturn:
    assert next_step
    raise GaveUpError(what)


class KeptSink:
    """In order: ("out", record) and ("row", key, value); futures are done at once unless `held`."""

    def __init__(self) -> None:
        self.kept: list[tuple[Any, ...]] = []
        self.held: list[Future[None]] | None = None

    def _future(self) -> Future[None]:
        future: Future[None] = asyncio.get_running_loop().create_future()
        if self.held is None:
            future.set_result(None)
        else:
            self.held.append(future)
        return future

    async def send(self, record: OutRecord) -> Awaitable[None]:
        self.kept.append(("out", record))
        return self._future()

    async def write(self, partition: int, key: bytes, value: bytes | None) -> Future[None]:
        self.kept.append(("row", partition, key, value))
        return self._future()


async def turns() -> None:
    """Lets every task run until it waits for something that is not there."""
    for _ in range(10):
        await asyncio.sleep(0)


def event(offset: int, value: bytes = b"v", partition: int = 2) -> Event:
    return Event("profiles", partition, offset, b"k", value, 0)


OUT = (OutRecord("windows", b"a", b"1"), OutRecord("windows", b"b", b"2"))


def effects(_: Event, __: Rows) -> Effects:
    return Effects(OUT, {b"first": b"1", b"gone": None, b"last": b"2"})


def with_shell(handle: Handler, body: Callable[[Shell, KeptSink, Rows], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        sink, rows = KeptSink(), Rows(2, rows=[(b"gone", b"0")])
        await body(Shell("counting", handle, lambda _: rows, sink, give_up=give_up), sink, rows)

    asyncio.run(run())


def test_output_goes_out_before_rows_and_rows_in_the_order_given_to_the_partition_of_the_event() -> None:
    async def body(shell: Shell, sink: KeptSink, rows: Rows) -> None:
        await shell.process(event(5))
        assert sink.kept == [
            ("out", OUT[0]),
            ("out", OUT[1]),
            ("row", 2, b"first", b"1"),
            ("row", 2, b"gone", None),
            ("row", 2, b"last", b"2"),
        ]
        assert dict(rows) == {b"first": b"1", b"last": b"2"}
        assert shell.account.finished == {2: 6}

    with_shell(effects, body)


def test_no_row_is_written_before_every_output_is_acknowledged() -> None:
    async def body(shell: Shell, sink: KeptSink, rows: Rows) -> None:
        sink.held = []
        task = asyncio.create_task(shell.process(event(5)))
        await turns()
        sink.held[0].set_result(None)
        await turns()
        assert [kind for kind, *_ in sink.kept] == ["out", "out"]
        assert b"gone" in rows
        sink.held[1].set_result(None)
        await task
        assert [kind for kind, *_ in sink.kept][2:] == ["row"] * 3

    with_shell(effects, body)


def test_settle_waits_for_rows_under_way() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        sink.held = []
        await shell.process(event(5))
        settling = asyncio.create_task(shell.settle())
        for future in sink.held:
            await asyncio.sleep(0)
            assert not settling.done()
            future.set_result(None)
        await asyncio.wait_for(settling, 5)

    with_shell(lambda *_: Effects(writes={b"a": b"1", b"b": b"2"}), body)


def test_a_bad_record_becomes_a_dead_letter_with_its_place_and_bytes() -> None:
    def refuse(_: Event, __: Rows) -> Effects:
        raise BadRecord("SCHEMA", "no such field", model="m")

    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        await shell.process(event(5, b"\xff" * 70_000))
        ((_, record),) = sink.kept
        letter = DeadLetter.model_validate_json(record.value)
        assert (record.topic, record.key) == ("dead-letters", b"profiles/2/5/")
        assert (letter.reason, letter.detail, letter.model) == ("SCHEMA", "no such field", "m")
        assert (letter.topic, letter.partition, letter.offset) == ("profiles", 2, 5)
        assert (len(letter.payload), letter.payload_size) == (65_536, 70_000)
        assert shell.account.finished == {2: 6}

    with_shell(refuse, body)


def test_a_handler_that_raises_finishes_nothing() -> None:
    def fail(_: Event, __: Rows) -> Effects:
        raise KeyError("fault")

    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        with pytest.raises(GaveUpError, match=r"counting failed on profiles/2@5.*fault"):
            await shell.process(event(5))
        assert shell.account.finished == {}
        assert sink.kept == []

    with_shell(fail, body)


def test_output_that_kafka_refuses_finishes_nothing_and_writes_no_row() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        sink.held = []
        task = asyncio.create_task(shell.process(event(5)))
        await turns()
        sink.held[0].set_result(None)
        sink.held[1].set_exception(TimeoutError("no broker"))
        with pytest.raises(GaveUpError, match="no broker"):
            await task
        assert shell.account.finished == {}
        assert [kind for kind, *_ in sink.kept] == ["out", "out"]

    with_shell(effects, body)


def test_a_row_that_kafka_refuses_ends_the_process_when_it_is_known() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        gave_up: list[BaseException] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: gave_up.append(context["exception"]))
        sink.held = []
        await shell.process(event(5))
        sink.held[0].set_exception(TimeoutError("no broker"))
        await turns()
        assert [type(error) for error in gave_up] == [GaveUpError]

    with_shell(lambda *_: Effects(writes={b"a": b"1"}), body)


def test_an_event_that_comes_twice_has_no_effect_the_second_time() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        await shell.process(event(5))
        count = len(sink.kept)
        await shell.process(event(5))
        assert len(sink.kept) == count

    with_shell(effects, body)


def test_a_record_that_was_handed_on_and_never_came_ends_the_process_before_the_next_one_counts() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        shell.account.take(2, 5)
        shell.account.take(2, 6)
        with pytest.raises(GaveUpError, match="lost a record before profiles/2@6"):
            await shell.process(event(6))
        assert sink.kept == []

    with_shell(effects, body)


def test_an_event_of_a_partition_that_is_gone_when_its_turn_comes_is_let_go() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        await shell.pause()
        waiting = asyncio.create_task(shell.process(event(5), is_current=lambda: False))
        await asyncio.sleep(0)
        shell.resume()
        await waiting
        assert sink.kept == []
        assert shell.account.finished == {}

    with_shell(effects, body)


def test_pause_waits_for_the_event_under_way() -> None:
    async def body(shell: Shell, sink: KeptSink, _: Rows) -> None:
        sink.held = []
        task = asyncio.create_task(shell.process(event(5)))
        await turns()
        pausing = asyncio.create_task(shell.pause())
        await asyncio.sleep(0)
        assert not pausing.done()
        for future in list(sink.held):
            future.set_result(None)
        await task
        for future in sink.held[len(OUT) :]:
            future.set_result(None)
        await asyncio.wait_for(pausing, 5)

    with_shell(effects, body)
