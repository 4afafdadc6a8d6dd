"""What the concept detector carries from pane to pane: fixed in size, and the same after it was stored and read."""

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np

from stats.error_rate import Evidence
from stats.performance.dispersion import BLOCKS, FIELDS
from stats.performance.exact_sum import Floats

_HEADER = struct.Struct("<4sI")  # format, bytes of the evidence
_FORMAT = b"cpt1"
SINCE = 3
"""Sums kept since an onset: events, their losses, and what was expected of these."""


@dataclass(frozen=True, slots=True, eq=False)
class ConceptState:
    """Evidence of S streams at G bets; its steps are numbers of panes since 1970."""

    evidence: Evidence
    since: Floats
    """Sums since each bet's onset, [S, G, SINCE]."""
    spread: Floats
    """What φ is learnt from, [S, BLOCKS, FIELDS] (stats/performance/dispersion.py)."""

    def to_bytes(self) -> bytes:
        """20 + S·(136 + 48·G) bytes, little-endian; `from_bytes` gives back every bit."""
        evidence = self.evidence.to_bytes()
        return (
            _HEADER.pack(_FORMAT, len(evidence))
            + evidence
            + b"".join(part.astype("<f8").tobytes() for part in (self.since, self.spread))
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The state that `to_bytes` wrote; ValueError for anything else."""
        form, size = _HEADER.unpack_from(data) if len(data) >= _HEADER.size else (b"", 0)
        body, sums = data[_HEADER.size : _HEADER.size + size], data[_HEADER.size + size :]
        if form == _FORMAT:
            evidence = Evidence.from_bytes(body)
            streams, bets = evidence.log_r.shape
            kept = streams * bets * SINCE
            if len(sums) == 8 * (kept + streams * len(BLOCKS) * FIELDS):
                floats = np.frombuffer(sums, "<f8").astype(np.float64)
                since, spread = floats[:kept].reshape(streams, bets, SINCE), floats[kept:]
                return cls(evidence, since, spread.reshape(streams, len(BLOCKS), FIELDS))
        raise ValueError(f"{len(data)} bytes are no concept state of this version: start the detector anew")
