"""Topic `labels`: the truth of a prediction, once it is known."""

from typing import Literal

from pydantic import Field

from schemas.base import Identifier, ProducerRecord, TimeMs
from schemas.prediction import Number, Text


class Label(ProducerRecord):
    """The outcome of one prediction; a later one for the same prediction corrects it."""

    schema_: Literal["driftline.label/1"] = Field(alias="schema")
    prediction_id: Identifier
    """Also the record's Kafka key."""
    label: Number | Text
    time_ms: TimeMs
    source: Identifier | None = None
    """Who says so: a person, a job, a sensor."""
    value: Number | None = None
    """What the outcome was worth, in the model's own unit (revenue, cost)."""
