"""Faust's Kafka clients as this project needs them: only committed records are read, only finished offsets committed.

Faust keeps its own account of what was acknowledged, from the gaps between offsets. It counts the message behind a gap
into the gap, and so falls behind for ever where transactions leave markers; and it acknowledges events whose agent
raised, and those it skips in a rebalance. That account is not used: the shell's is (docs/adr/0003-faust-guardrails.md).
"""

from asyncio import Future
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import READ_COMMITTED
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

from runtime.errors import OperatorError
from runtime.faust.shell import Shell


class Projecting(Protocol):
    """What the clients know of their app."""

    source: str
    shell: Shell


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread of the aiokafka consumer."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001  faust has no setting for it
        return consumer

    async def on_start(self) -> None:
        """Starts, and makes sure that aborted records stay unseen."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001  aiokafka shows it nowhere else
        if fetcher._isolation_level != READ_COMMITTED:  # noqa: SLF001  nobody else tells
            raise OperatorError(
                "the consumer would read aborted transactions: aiokafka no longer takes the isolation level as it did",
                "install the versions of requirements.txt",
            )

    def place(self, tp: TP) -> int | None:
        """Where fetching is, behind markers and aborted records; None before the first fetch. From any thread."""
        subscription = self._consumer and self._consumer._subscription.subscription  # noqa: SLF001  see above
        assignment = subscription and subscription.assignment
        if not assignment or tp not in assignment.tps:
            return None
        position: int | None = assignment.state_value(tp)._position  # noqa: SLF001  `.position` asserts that there is one
        return position


class Consumer(driver.Consumer):
    """Commits what `app.shell` finished."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.committed: dict[TP, int] = {}

    @property
    def _projecting(self) -> Projecting:
        return cast("Projecting", self.app)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def place(self, tp: TP) -> int | None:
        """See ConsumerThread.place."""
        return cast("ConsumerThread", self._thread).place(tp)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """As aiokafka's, which leaves a partition that was never committed where fetching has come to by now.

        What was fetched before recovery ended is dropped: without this, the first records of a new group could be lost.
        """
        found: Mapping[TP, int] = await super().seek_to_committed()
        never = [tp for tp, offset in found.items() if tp.topic == self._projecting.source and not offset]
        if never:
            for tp, offset in (await self.earliest_offsets(*never)).items():
                await self.seek(tp, offset)
        return found

    def _to_message(self, tp: TP, record: Any) -> Any:
        if tp.topic == self._projecting.source:
            self._projecting.shell.account.take(tp.partition, record.offset)
        return super()._to_message(tp, record)

    def ack(self, message: Message) -> bool:
        """Faust is done with a message; says nothing about its effects."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing to note: offsets that no record has need no account."""

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        del tps  # those with acknowledgements, in Faust's account
        source = self._projecting.source
        finished = {
            TP(source, partition): offset for partition, offset in self._projecting.shell.account.finished.items()
        }
        return {tp: offset for tp, offset in finished.items() if self._should_commit(tp, offset)}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        await self._projecting.shell.settle()
        done: bool = await super()._commit(offsets)
        if done:
            self.committed.update(offsets)
        return done


class Producer(driver.Producer):
    """Hands out the acknowledgements themselves: Faust's buffer loses sight of writes that are under way or failed."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}  # faust sets them for exactly_once only

    async def queue(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None, headers: Any = None
    ) -> Future[Any]:
        """Queues a record; records of one partition are written in the order of these calls."""
        producer = self._ensure_producer()
        future: Future[Any] = await producer.send(topic, value, key=key, partition=partition, headers=headers)
        return future


class Transport(driver.Transport):
    """Makes the clients above."""

    Consumer = Consumer
    Producer = Producer
