"""Topic `predictions`: one event a prediction a model server made."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.base import Identifier, ProducerRecord, Rate, TimeMs

MAX_FEATURES = 2_000
Text = Annotated[str, StringConstraints(max_length=4_096)]
Number = Annotated[float, Field(allow_inf_nan=False)]
FeatureValue = bool | Number | Text | None


class Prediction(ProducerRecord):
    """What a model answered, to which features, and how the answer went out."""

    schema_: Literal["driftline.prediction/1"] = Field(alias="schema")
    prediction_id: Identifier
    """Also the record's Kafka key, and the key its label will carry."""
    model: Identifier
    version: Identifier
    time_ms: TimeMs
    features: Annotated[dict[Identifier, FeatureValue], Field(max_length=MAX_FEATURES)]
    """Null or absent counts as missing."""
    prediction: Number | Text
    score: Rate | None = None
    """Probability of the positive class."""
    probabilities: dict[Identifier, Rate] | None = None
    """Probability by class; sums to 1 within 0.01."""
    latency_ms: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    """HTTP status of the answer."""
    segments: dict[Identifier, Text] | None = None
    variant: Literal["stable", "canary", "shadow"] | None = None
    entity_id: Identifier | None = None
    trace_id: Identifier | None = None

    @model_validator(mode="after")
    def _probabilities_sum_to_one(self) -> Self:
        if self.probabilities and abs(sum(self.probabilities.values()) - 1) > 0.01:
            raise ValueError("probabilities must sum to 1 within 0.01")
        return self
