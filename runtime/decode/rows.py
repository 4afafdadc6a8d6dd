"""The tables the compiled parser reads and the rows it writes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BAIL = -1
"""Not surely valid: for the strict path. Also of a row that is in no shape."""

KEYS, SCHEMAS, VARIANTS, MODELS = range(4)
"""Spaces that every symbol table has. The versions of a model are in the space `texts` of its symbol."""

FIELDS = (
    "schema", "prediction_id", "model", "version", "time_ms", "features", "prediction", "score", "probabilities",
    "latency_ms", "status", "segments", "variant", "entity_id", "trace_id",
)  # fmt: skip
(
    SCHEMA, ID, MODEL, VERSION, TIME, FEATURES, PREDICTION, SCORE, PROBABILITIES, LATENCY, STATUS, SEGMENTS, VARIANT,
    ENTITY, TRACE, UNKNOWN_FIELD,
) = range(16)  # fmt: skip
"""Kinds of the symbols in KEYS: the fields by number, the required ones first."""

IGNORED, NUMERIC, CODED, BOOLEAN = range(4)
"""Kinds of columns. An ignored one is checked as the contract asks, and dropped."""

DIMENSIONS = 16
"""Segment dimensions kept for a model version, `variant` among them; further ones are checked and dropped."""
DISTINCT = 1 << 14
"""Distinct segment values that one batch may bring to the compiled parser."""


class Layouts(NamedTuple):
    """By shape: the spaces of its names, and where the prediction and the score go."""

    features: NDArray[np.int32]
    segments: NDArray[np.int32]
    classes: NDArray[np.int32]
    closed: NDArray[np.int32]
    """1: a prediction must be one of the classes."""
    prediction: NDArray[np.int32]
    """Kind of the prediction's column."""
    prediction_row: NDArray[np.int32]
    prediction_texts: NDArray[np.int32]
    prediction_unlisted: NDArray[np.int32]
    score_row: NDArray[np.int32]
    """-1: none."""
    first: NDArray[np.int32]
    """Symbol of the first listed feature; the others follow."""
    listed: NDArray[np.int32]


class Rows(NamedTuple):
    """What a batch becomes; the last axis is the event."""

    shape: NDArray[np.int32]
    """BAIL where the event was not accepted."""
    time_ms: NDArray[np.int64]
    latency_ms: NDArray[np.float64]
    score: NDArray[np.float64]
    status: NDArray[np.int16]
    id_hash: NDArray[np.uint64]
    unknown: NDArray[np.int8]
    """1: it had fields the contract does not know."""
    values: NDArray[np.float64]
    codes: NDArray[np.int32]
    segments: NDArray[np.int32]
    """(DIMENSIONS, n): ids of texts, 0 for none."""
    texts: NDArray[np.int32]
    """Open addressing of segment values by hash: an id, or 0."""
    text_at: NDArray[np.int64]
    text_size: NDArray[np.int64]
    counters: NDArray[np.int64]
    """By the constants below."""
    events: int
    """How many; the stride of `segments`."""
    value_stride: int
    code_stride: int
    """Elements from one row of the matrix to the next."""


class Records(NamedTuple):
    """Values and Kafka keys of records, joined: value i is buf[ends[i - 1]:ends[i]]."""

    buf: NDArray[np.uint8]
    ends: NDArray[np.int64]
    keys: NDArray[np.uint8]
    key_ends: NDArray[np.int64]


IDS, STAMP, MODEL_SYMBOL, VERSION_AT = range(4)
"""Of `Rows.counters`: text ids given out, number of the event, and, of the event at hand, the symbol of its model and
the place of its version, -1 before they are known."""
