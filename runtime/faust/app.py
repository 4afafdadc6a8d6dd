"""The Faust app of a keyed projection, with every guardrail of docs/adr/0003-faust-guardrails.md."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import faust
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP, StreamT

from runtime.errors import OperatorError
from runtime.faust.clients import Consumer, Producer, Transport
from runtime.faust.halt import halt
from runtime.faust.projection import BadRecord, Event, Projection
from runtime.faust.rows import RowStore, RowTable
from runtime.faust.shell import Shell
from runtime.faust.watchdog import Lease, Progress
from runtime.log.protocol import OutRecord
from runtime.settings import KafkaSettings

SESSION_TIMEOUT_S = 10.0
HEARTBEAT_INTERVAL_S = 2.0
LEASE_S = SESSION_TIMEOUT_S - 2 * HEARTBEAT_INTERVAL_S
COMMIT_INTERVAL_S = 0.5
MAX_MESSAGE_BYTES = 8_388_608
RECORD_OVERHEAD_BYTES = 65_536
TOMBSTONE = BadRecord("MALFORMED", "a tombstone, where every record has a value")


class CarefulRecovery(Recovery):
    """Faust lets its fetcher run while it seeks back to the committed offsets, then clears the queue it fills."""

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Ends recovery with the flow stopped until everything is in place."""
        self.app.consumer.stop_flow()
        self.app.flow_control.suspend()
        await super().on_recovery_completed(generation_id)


class PromptTableManager(TableManager):
    """Faust waits a second for tables to be declared; here they are before it starts."""

    @property
    def recovery(self) -> Recovery:
        """Made when first asked for, as Faust's is."""
        if self._recovery is None:
            self._recovery = CarefulRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Starts recovery."""
        await self._update_channels()
        await self.recovery.start()


class KafkaSink:
    """Sends with Faust's producer."""

    def __init__(self, app: "ControlApp", settings: KafkaSettings, changelog: str) -> None:
        self._app = app
        self._settings = settings
        self._changelog = changelog

    async def send(self, record: OutRecord) -> Awaitable[None]:
        """See Sink."""
        producer = cast("Producer", self._app.producer)
        topic = self._settings.topic(record.topic)
        return await producer.queue(topic, record.key, record.value, record.partition, list(record.headers))

    async def write(self, partition: int, key: bytes, value: bytes | None) -> Future[None]:
        """See Sink."""
        producer = cast("Producer", self._app.producer)
        future = await producer.queue(self._changelog, key, value, partition)
        future.add_done_callback(self._note_offset)
        return future

    def _note_offset(self, future: Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            written = future.result()
            self._app.store.set_persisted_offset(TP(written.topic, written.partition), written.offset)


class ControlApp(faust.App):
    """A Faust app whose effects, offsets and end are this project's."""

    source: str
    """Full name of the topic read."""
    shell: Shell
    table: RowTable

    @property
    def store(self) -> RowStore:
        """The rows."""
        return cast("RowStore", self.table.data)

    @property
    def assigned(self) -> bool:
        """Whether it has partitions; also before it has started, where Faust's own consumer would raise."""
        return bool(self._assignment)

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Transport:
        return Transport(self.conf.broker_producer, self)

    def _crash(self, reason: BaseException) -> None:
        """Called when any part of Faust fails: going on in part is worse than starting anew."""
        next_step = "read the log above; the supervisor starts this process again"
        if isinstance(reason, OperatorError):
            halt(reason.what, reason.next_step)
        halt(f"{self.conf.id} cannot go on: {reason!r}", next_step)

    async def on_revoked(self, *_: Any, **__: Any) -> None:
        """Partitions go: the event under way ends first and is committed. Faust has stopped the flow by now."""
        await self.shell.pause()
        try:
            await self.consumer.commit()
            cast("Consumer", self.consumer).committed.clear()
            self.shell.account.forget()
        finally:
            self.shell.resume()

    def progress(self, ends: Mapping[int, int]) -> dict[int, Progress]:
        """How far each partition of this process is; from any thread. `ends` comes from the broker."""
        consumer = cast("Consumer | None", self._consumer)
        if consumer is None:
            return {}
        account, found = self.shell.account, {}
        for tp in list(self._assignment or ()):
            if tp.topic == self.source:
                found[tp.partition] = Progress(
                    end=ends.get(tp.partition),
                    place=consumer.place(tp),
                    taken=account.taken.get(tp.partition),
                    finished=account.finished.get(tp.partition),
                    committed=consumer.committed.get(tp),
                    recovered=self.store.applied,
                )
        return found


def _event(topic: str, message: Any) -> Event:
    return Event(
        topic=topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value or b"",
        timestamp_ms=round(message.timestamp * 1_000),
        headers=tuple(message.headers or ()),
    )


def control_app(
    projection: Projection,
    settings: KafkaSettings,
    partitions: int,
    lease: Lease,
    on_dead: Callable[[BadRecord], None] = lambda _: None,
) -> ControlApp:
    """The configured app: `partitions` as the source has; source and changelog exist already. Within a running loop."""
    group = settings.topic(projection.service)
    app = ControlApp(
        group,
        **settings.faust(),
        autodiscover=False,
        datadir=projection.data_dir,
        processing_guarantee="at_least_once",  # exactly_once lost events under kill -9
        store="memory://",
        TableManager=PromptTableManager,
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{group}-{projection.slot}",
        consumer_max_fetch_size=MAX_MESSAGE_BYTES + RECORD_OVERHEAD_BYTES,
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_heartbeat_interval=HEARTBEAT_INTERVAL_S,
        broker_request_timeout=20.0,
        broker_rebalance_timeout=20.0,
        broker_commit_interval=COMMIT_INTERVAL_S,
        broker_max_poll_records=500,
        producer_acks=-1,
        producer_max_request_size=MAX_MESSAGE_BYTES + RECORD_OVERHEAD_BYTES,
        producer_max_batch_size=131_072,
        producer_request_timeout=40.0,
        stream_wait_empty=False,  # on_revoked waits for the one event under way
        stream_recovery_delay=0.0,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.source = settings.topic(projection.source)
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes}
    app.table = RowTable(app, name=projection.table, partitions=partitions, **raw)
    app.tables.add(app.table)
    sink = KafkaSink(app, settings, projection.changelog(settings))
    app.shell = Shell(
        projection.service, projection.handle, app.store.rows, sink, check_lease=lease.check, on_dead=on_dead
    )
    app.on_partitions_revoked.connect(app.on_revoked)

    async def project(stream: StreamT[bytes]) -> None:
        async for item in stream.events():
            message = item.message

            def is_current(message: Any = message) -> bool:
                return app.flow_control.is_active() and message.generation_id == app.consumer_generation_id

            await app.flow_control.acquire()  # a record let go because the flow rests would not come again
            refused = TOMBSTONE if message.value is None else None
            await app.shell.process(_event(projection.source, message), is_current, refused)

    source = app.topic(app.source, **raw, key_serializer="raw", value_serializer="raw", allow_empty=True)
    app.agent(source, name="project", concurrency=1)(project)
    return app
