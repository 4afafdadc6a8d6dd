"""What the join takes: predictions and labels as flat records, in offset order, with the range they came from."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from schemas.base import SourceRange

DIGEST_BYTES = 16
_ORIGINS = 65_536
"""Distinct origins remembered with their bytes."""

T = TypeVar("T")


class Origin(NamedTuple):
    """Who answered, and for which part of the traffic."""

    model: str
    version: str
    variant: str | None = None
    segments: tuple[tuple[str, str], ...] = ()
    """(dimension, value), in order of dimension."""


@lru_cache(_ORIGINS)
def packed_origin(origin: Origin) -> bytes:
    """The origin as bytes; equal origins give equal bytes."""
    return json.dumps(origin, ensure_ascii=False, separators=(",", ":")).encode()


@lru_cache(_ORIGINS)
def unpacked_origin(packed: bytes) -> Origin:
    """What `packed_origin` packed."""
    model, version, variant, segments = json.loads(packed)
    return Origin(model, version, variant, tuple((dimension, value) for dimension, value in segments))


class PredictionRecord(NamedTuple):
    """One prediction, as far as joining and judging it needs."""

    offset: int
    id: bytes
    time_ms: int
    digest: bytes
    """16 bytes that name the whole body: two bodies of one id are the same if and only if their digests are."""
    origin: bytes
    """See `packed_origin`."""
    prediction: float
    """NaN where the prediction is text."""
    payload: bytes
    """The record's value, of an Arrow batch the whole; for a dead letter only."""
    text: bytes = b""
    """The prediction where it is text, as UTF-8."""
    score: float = math.nan
    """NaN: none given."""
    probabilities: bytes = b""
    """JSON object of probability by class; empty: none given."""
    row: int | None = None
    """Its row in an Arrow batch."""


class LabelRecord(NamedTuple):
    """One label."""

    offset: int
    id: bytes
    time_ms: int
    label: float
    """NaN where the label is text."""
    payload: bytes
    """The record's value; for a dead letter only."""
    text: bytes = b""
    """The label where it is text, as UTF-8."""
    value: float = math.nan
    """What the outcome was worth; NaN: none given."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What was read of one partition: records in offset order, and the range they fill."""

    source: SourceRange
    records: Sequence[T] = ()
