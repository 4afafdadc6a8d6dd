"""What is exchanged with Kafka: requests and decisions into the registry, and out of it what is to be told.

The registry is written before the batch is committed; both may be repeated. What is told is marked as told after the
commit: a crash in between tells it again, with the same bytes.
"""

from collections.abc import Callable, Iterator

import structlog
from pydantic import ValidationError

from runtime.clock import Clock
from runtime.hot_loop import Step as Turn
from runtime.log.protocol import Batch, Message, OutRecord
from runtime.metrics import Metrics
from runtime.registry import Registry, Stamp, announce
from schemas.approval import Approval
from schemas.base import SourceRange
from schemas.dead_letter import PAYLOAD_CAP_BYTES, DeadLetter
from schemas.retraining import RetrainingRequest
from services.retraining.announcing import News, news_of
from services.retraining.deciding import decide
from services.retraining.intake import take

SERVICE = "retraining"
TOPICS = ("retraining.requests", "approvals")
"""A model has the same partition in both."""
_DETAIL_CAP = 1_000
"""Characters: it may name a field that the record made up, as long as a record may be."""

_log = structlog.get_logger(__name__)


class Exchange:
    """Not for use from several threads; `owned` may be read by another."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        metrics: Metrics,
        *,
        partitions: int,
        wake: Callable[[], None] = lambda: None,
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`partitions` of `model.events`. `wake` is called after every batch, `changed` with each model told of."""
        self._registry = registry
        self._clock = clock
        self._metrics = metrics
        self._wake = wake
        self._changed = changed
        self._partitions = partitions
        self._told: list[News] = []
        self.owned: frozenset[int] = frozenset()
        """Partitions of the models that this process works for."""

    def handle(self, batch: Batch, wall_ms: int) -> list[OutRecord]:
        """Takes a batch in; returns what the registry has to tell and was not told yet, and dead letters."""
        letters = list(self._taken(batch, Stamp(SERVICE, wall_ms)))
        with self._registry.reading() as session:
            self._told = news_of(session, self._registry.artifacts, self._partitions)
        self.owned = frozenset(source.partition for source in batch.ranges.values())
        self._wake()
        return letters + [record for news in self._told for record in news.records]

    def settle(self, turn: Turn) -> None:
        """Marks what a committed turn told; forgets whose models it works for when partitions are taken away."""
        if turn.outcome == "reassigned":
            self.owned = frozenset()
        if turn.outcome == "committed" and self._told:
            with self._registry.writing() as session:
                for news in self._told:
                    announce(session, Stamp(SERVICE, self._clock.wall_ms()), news.run_id, news.step)
            for news in self._told:
                self._metrics.count("driftline_retraining_steps_total", model=news.model, step=news.step)
            for model in dict.fromkeys(news.model for news in self._told):
                self._changed(model)
            self._told = []

    def _taken(self, batch: Batch, stamp: Stamp) -> Iterator[OutRecord]:
        for run in batch.runs:
            source = batch.ranges[run.place]
            topic = TOPICS[run.place // source.partitions]
            for message in batch.messages[run.begin : run.end]:
                try:
                    self._take(topic, message.value() or b"", stamp)
                except ValidationError as error:
                    yield self._letter(error, source, message)

    def _take(self, topic: str, value: bytes, stamp: Stamp) -> None:
        if topic == "retraining.requests":
            request = RetrainingRequest.model_validate_json(value)
            with self._registry.writing() as session:
                taken = take(session, stamp, request)
            _log.info("request", trigger_id=request.trigger_id, model=request.model, taken=taken)
            return
        approval = Approval.model_validate_json(value)
        with self._registry.writing() as session:
            why = decide(session, stamp, approval)
        if why is None:
            _log.info("decided", run_id=approval.run_id, decision=approval.decision, actor=approval.actor)
        else:
            _log.warning("decision_refused", run_id=approval.run_id, actor=approval.actor, why=why)

    def _letter(self, error: ValidationError, source: SourceRange, message: Message) -> OutRecord:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the record"
        value = message.value() or b""
        letter = DeadLetter(
            service=SERVICE,
            reason="MALFORMED" if first["type"] == "json_invalid" else "SCHEMA",
            detail=f"{place}: {first['msg']}"[:_DETAIL_CAP],
            topic=source.topic,
            partition=source.partition,
            offset=message.offset(),
            payload=value[:PAYLOAD_CAP_BYTES],
            payload_size=len(value),
            record_key=(message.key() or b"")[:PAYLOAD_CAP_BYTES] or None,
        )
        self._metrics.count("driftline_dead_letters_total", model="", reason=letter.reason)
        key = f"{source.topic}/{source.partition}/{message.offset()}"
        return OutRecord("dead-letters", key.encode(), letter.to_json())
