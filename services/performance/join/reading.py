"""Messages of `predictions` to the join's records. What drift refuses is refused here: one decoder says it to both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from runtime.decode.decoder import Decoder
from runtime.decode.strict import unwrap
from runtime.log.protocol import Message
from services.performance.join.arrow_rows import events_of
from services.performance.join.body import digest_of
from services.performance.join.plans import Plans
from services.performance.join.records import Origin, PredictionRecord, packed_origin


@dataclass(frozen=True, slots=True)
class Predictions:
    """What some messages of one partition held."""

    records: Sequence[PredictionRecord]
    """Valid events, in order."""
    events: int
    """One a JSON record, one a row of an Arrow batch, one an unreadable record."""
    refused: int
    """Events that drift dead-letters."""


class PredictionReader:
    """Reads predictions, as far as joining and judging them needs."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._decoder = Decoder(plans.shape, plans.is_strict)

    def read(self, messages: Sequence[Message], now_ms: int) -> Predictions:
        """Messages of one partition, in offset order. `now_ms` stands in for timestamps that records lack."""
        if not messages:
            return Predictions((), 0, 0)
        decoded = self._decoder.decode(messages, now_ms)
        groups = decoded.groups
        index = np.concatenate([group.index for group in groups]) if groups else np.empty(0, np.int64)
        row = np.concatenate([group.row for group in groups]) if groups else index
        order = np.lexsort((row, index))
        records = list(self._records(messages, zip(index[order].tolist(), row[order].tolist(), strict=True)))
        return Predictions(records, decoded.events, len(decoded.dead))

    def _records(self, messages: Sequence[Message], valid: Iterator[tuple[int, int]]) -> Iterator[PredictionRecord]:
        streams: dict[int, list[dict[str, Any]]] = {}
        for number, row in valid:
            message = messages[number]
            value = message.value() or b""
            if row < 0:
                yield self._record(unwrap(from_json(value)), message.offset(), value, None)
                continue
            if number not in streams:
                streams = {number: events_of(value)}
            yield self._record(streams[number][row], message.offset(), value, row)

    def _record(self, event: Mapping[str, Any], offset: int, value: bytes, row: int | None) -> PredictionRecord:
        model, version, prediction = event["model"], event["version"], event["prediction"]
        attributes = self._plans.plan(model, version).attributes
        is_text = isinstance(prediction, str)
        score, probabilities = event.get("score"), event.get("probabilities")
        return PredictionRecord(
            offset,
            event["prediction_id"].encode(),
            event["time_ms"],
            digest_of(event),
            packed_origin(Origin(model, version, event.get("variant"), attributes.of(event))),
            nan if is_text else prediction + 0.0,
            value,
            prediction.encode() if is_text else b"",
            nan if score is None else score,
            to_json(probabilities) if probabilities else b"",
            row,
        )
