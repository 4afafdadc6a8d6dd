"""Compiles the decoder ahead of the first batch: `python -m runtime.decode.warm`, at installation and at start."""

import json

from runtime.clock import SystemClock
from runtime.decode.arrow import encode_arrow
from runtime.decode.decoder import Decoder
from runtime.decode.shape import Coded, Shape
from runtime.log.memory_broker import MemoryMessage
from schemas.prediction import Prediction

_TIME_MS = 1_700_000_000_000
_SHAPE = Shape(("x",), (Coded("c", {"a": 0}, 1, 2),), prediction="numeric", score=True)
_EVENT = {
    "schema": "driftline.prediction/1",
    "prediction_id": "warm",
    "model": "warm",
    "version": "1",
    "time_ms": _TIME_MS,
    "features": {"x": 0.1, "c": "a"},
    "prediction": 1,
}


def warm() -> float:
    """Decodes an event in every way, so that everything is compiled; returns the seconds it took.

    Raises RuntimeError when the compiled parser does not accept its own example.
    """
    clock = SystemClock()
    start = clock.monotonic()
    decoder = Decoder(lambda _model, _version: _SHAPE)
    message = MemoryMessage(json.dumps(_EVENT).encode(), key=b"warm", timestamp_ms=_TIME_MS)
    decoder.decode([message], _TIME_MS)
    if decoder.decode([message], _TIME_MS).strictly:
        raise RuntimeError(
            "the compiled parser refused its own example: clear __pycache__ in runtime/decode and try again"
        )
    stream = encode_arrow([Prediction.model_validate(_EVENT)])
    decoder.decode([MemoryMessage(stream, key=b"warm", timestamp_ms=_TIME_MS)], _TIME_MS)
    return clock.monotonic() - start


if __name__ == "__main__":
    print(f"decoder compiled in {warm():.1f} s")  # noqa: T201  a command's output
