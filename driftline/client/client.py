"""What a model server holds: it writes predictions and labels to Kafka, and never stands in a request's way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar, Unpack

from prometheus_client import REGISTRY, CollectorRegistry
from pydantic import TypeAdapter

from driftline.client.batch import Batch, UnfitError, batch_of
from driftline.client.columns import Columns, columns_of
from driftline.client.counts import Counts, Totals, expose
from driftline.client.events import (
    Event,
    Fields,
    Told,
    check_label,
    check_prediction,
    encoded,
    label_event,
    prediction_event,
)
from driftline.client.function import Call, first_argument, timed, what_it_returned
from driftline.client.ids import uuid7
from driftline.client.outbox import Outbox
from driftline.client.request import Complete, current
from driftline.client.values import text
from runtime.clock import Clock, SystemClock
from runtime.decode.verdict import Refusal
from runtime.settings import KafkaSettings
from schemas.base import Identifier

P = ParamSpec("P")
R = TypeVar("R")
_identifier: TypeAdapter[str] = TypeAdapter(Identifier)
_ARROW: list[tuple[str, str | bytes | None]] = [("content-type", "application/vnd.apache.arrow.stream")]


class Client:
    """Logs the predictions of one model version. May be used from any thread, and after a fork.

    Nothing that logs waits for Kafka or raises: what cannot be queued, or would be refused, is counted and dropped.
    """

    def __init__(
        self,
        model: str,
        version: str,
        *,
        settings: KafkaSettings | None = None,
        registry: CollectorRegistry = REGISTRY,
        clock: Clock | None = None,
        queue_messages: int = 100_000,
        queue_mb: int = 64,
        patience_s: float = 300.0,
    ) -> None:
        """`settings` are the environment's unless given. Messages wait for a Kafka that is away, for `patience_s`.

        Raises pydantic.ValidationError and KafkaException for names and settings that are of no use: it is called when
        the server starts. Kafka itself need not be there.
        """
        self._model = _identifier.validate_python(model)
        self._version = _identifier.validate_python(version)
        self._clock = clock or SystemClock()
        settings = settings or KafkaSettings()
        self._predictions, self._labels = settings.topic("predictions"), settings.topic("labels")
        self._counts = Counts(model, version)
        self._outbox = Outbox(
            settings, self._counts, queue_messages=queue_messages, queue_mb=queue_mb, patience_s=patience_s
        )
        expose(self._counts, registry)

    def log_prediction(
        self,
        features: Mapping[Any, Any],
        prediction: Any,
        **fields: Unpack[Fields],
    ) -> str:
        """Logs one prediction; returns its id, which its label will name: the given one as text, or a new UUID.

        The time is now unless given. In a request under the ASGI middleware it is sent when the request ends.
        Raises TypeError for a field that there is not: that is the caller's typing error, in every request.
        """
        _only_known(fields)
        now_ms = self._clock.wall_ms()
        own = fields.get("prediction_id")
        told_id = uuid7(now_ms) if own is None else own
        with self.harmless():
            told: Told = {**fields, "features": features, "prediction": prediction, "prediction_id": told_id}
            event = prediction_event(self._model, self._version, now_ms, told)
            _when_known(partial(self._send_prediction, event, now_ms))
        return _as_text(told_id)

    def log_label(
        self, prediction_id: Any, label: Any, *, time: Any = None, source: Any = None, value: Any = None
    ) -> None:
        """Logs the truth of a prediction; a later one corrects it. `value`: what the outcome was worth."""
        now_ms = self._clock.wall_ms()
        with self.harmless():
            event = label_event(now_ms, prediction_id=prediction_id, label=label, time=time, source=source, value=value)
            check_label(event, now_ms)
            self._outbox.send(self._labels, encoded(event), event["prediction_id"].encode(), now_ms)

    def log_batch(
        self,
        features: Any,
        names: Sequence[Any] | None,
        predictions: Any,
        **fields: Unpack[Fields],
    ) -> list[str]:
        """Logs n predictions as one Arrow message; returns their ids.

        `features` is [n, len(names)], or a column a name: a mapping or DataFrame (then `names` may be None). Every
        other field is a column of n, or one value for all; `probabilities` and `segments` map names to such. Rows fare
        as single events would: invalid ones are dropped, the others sent. A single row, and rows whose columns have no
        common type, are sent as single events.
        """
        _only_known(fields)
        now_ms = self._clock.wall_ms()
        ids: list[Any] = []
        with self.harmless(rows(predictions)):
            given_ids = fields.get("prediction_id")
            given_ids = [None] * len(predictions) if given_ids is None else given_ids
            ids = [uuid7(now_ms) if own is None else own for own in given_ids]
            columns = columns_of(features, names, {**fields, "prediction": predictions, "prediction_id": ids})
            self._log_columns(columns, now_ms)
        return [_as_text(own) for own in ids]

    def watched(
        self,
        *,
        features: Callable[..., Mapping[Any, Any]] = first_argument,
        read: Callable[[Any], Mapping[str, Any]] = what_it_returned,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorates a predict function, plain or async: each call that returns is logged, with its latency.

        `features` finds them in the call's arguments, the first one unless given; `read` makes the result fields of
        `log_prediction`: by default the prediction, or a mapping that has `prediction` and perhaps other fields.
        """

        def tell(call: Call, result: Any, took_ms: float) -> None:
            with self.harmless():
                arguments, named = call
                self.log_prediction(features(*arguments, **named), **{"latency_ms": took_ms, **read(result)})

        return lambda function: timed(function, tell, self._clock.monotonic)

    @property
    def totals(self) -> Totals:
        """What became of the events so far."""
        return self._counts.totals()

    def flush(self, timeout_s: float = 10.0) -> int:
        """Waits until Kafka has everything, at most for the time; returns the events that are still queued."""
        return self._outbox.flush(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Waits as `flush`, then gives up what is left. What is logged later is dropped.

        When the process exits, clients that are open are closed, within 5 s each.
        """
        self._outbox.close(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def harmless(self, events: int = 1) -> Iterator[None]:
        """Whatever goes wrong inside is counted, said once in the log, and over."""
        try:
            yield
        except Refusal as refusal:
            self._counts.dropped(events, refusal.reason, refusal.detail)
        except Exception as error:  # noqa: BLE001  a value's own code may raise anything, and a request must not fail
            self._counts.dropped(events, "UNREADABLE", f"{type(error).__name__}: {error}")

    def _log_columns(self, columns: Columns, now_ms: int) -> None:
        try:
            batch = batch_of(self._model, self._version, now_ms, columns)
        except UnfitError:
            for row in range(columns.n):
                with self.harmless():
                    event = prediction_event(self._model, self._version, now_ms, columns.row(row))
                    _when_known(partial(self._send_prediction, event, now_ms))
        else:
            _when_known(partial(self._send_batch, batch, now_ms))

    def _send_prediction(self, event: Event, now_ms: int, known: Mapping[str, Any]) -> None:
        with self.harmless():
            event = {**known, **event}
            check_prediction(event, now_ms)
            self._outbox.send(self._predictions, encoded(event), event["prediction_id"].encode(), now_ms)

    def _send_batch(self, batch: Batch, now_ms: int, known: Mapping[str, Any]) -> None:
        with self.harmless(batch.n):
            batch.complete(known)
            refused = []
            for row in batch.doubtful(now_ms):
                try:
                    check_prediction(batch.event(row), now_ms)
                except Refusal as refusal:
                    self._counts.dropped(1, refusal.reason, refusal.detail)
                    refused.append(row)
            batch = batch.without(refused)
            for key, value, events in batch.records() if batch.n else ():
                self._outbox.send(self._predictions, value, key, now_ms, events=events, headers=_ARROW)


def rows(predictions: Any) -> int:
    """How many predictions these are; 1 where they do not say."""
    try:
        return len(predictions)
    except TypeError:
        return 1


def _only_known(fields: Fields) -> None:
    if unknown := sorted(fields.keys() - Fields.__annotations__.keys()):
        raise TypeError(f"a prediction has no {', '.join(unknown)}: give {', '.join(Fields.__annotations__)}")


def _when_known(complete: Complete) -> None:
    """Calls it with what the request in this context tells: when that ends; at once, with nothing, outside of one."""
    request = current.get()
    if request is None:
        complete({})
    else:
        request.hold(complete)


def _as_text(told_id: Any) -> str:
    """The id as its label will name it; empty where it is none, and its event was dropped."""
    try:
        return text(told_id) or ""
    except Refusal:
        return ""
