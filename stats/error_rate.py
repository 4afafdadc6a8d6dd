"""Whether a model's error rate has risen above its reference: an e-detector of Shiryaev-Roberts type.

Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential change detection, 2022,
https://arxiv.org/abs/2203.03532. For a rate p1 above pU, the likelihood ratio of k errors in n events,

    LR = (p1/pU)^k · ((1−p1)/(1−pU))^(n−k),

has an expectation of at most 1 under every true rate p ≤ pU (it rises with p, and is 1 at pU). So R ← (1 + R)·LR is
an e-detector: E[R] is at most the number of steps at any stopping time, and so is E[mean R] over several p1.
An alarm at mean R ≥ A therefore comes, as long as p ≤ pU, at most once in A steps on average, wherever one looks
or stops, and, with R set back to 0 after each, at most T/A times in T steps. Events need not be alike: it is enough
that each, whatever came before, is an error with probability at most pU. Bursts of errors break that.
"""

import struct
from dataclasses import dataclass
from math import log, sqrt
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stats.jeffreys import Counts, Floats
from stats.outcome import TooFew

EXCESSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""How far the alternatives p1 lie above pU."""
MAX_UPPER = 1 - EXCESSES[0]
MIN_ROWS = 100
"""Labelled reference rows a rate needs."""

_HEADER = struct.Struct("<4sII")  # format, streams, alternatives
_FORMAT = b"esr1"


@dataclass(frozen=True, slots=True)
class Saturated:
    """The reference is so often wrong that no rate is surely worse."""

    upper: float
    """The upper bound of the reference's error rate that was found."""

    def __str__(self) -> str:
        return (
            f"saturated: the reference's error rate may be {self.upper:.3f}, and nothing is worse;"
            " compare how its labels and predictions name classes"
        )


def upper_rate(errors: int, n: int, z: float = 2.0, tolerance: float = 0.0) -> float | TooFew | Saturated:
    """pU, the greatest error rate that counts as the reference's: p̂ + z·se + tolerance, of `errors` in `n` rows.

    The standard error is taken at the bound itself, se = √(u(1−u)/n) at u = p̂ + z·se (Wilson 1927), so that a
    reference without a single error still has one. z = 2 holds for 97.7 % of references. Rises of less than
    `tolerance` are not looked for.
    """
    if not 0 <= errors <= n:
        raise ValueError(f"{errors} errors in {n} rows: give counts of the same labelled reference rows")
    if min(z, tolerance) < 0:
        raise ValueError("z and tolerance below 0 would put pU below the reference's rate: give 0 or more")
    if n < MIN_ROWS:
        return TooFew(needed=MIN_ROWS, have=n)
    p = errors / n
    half = z * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    upper = (p + z**2 / (2 * n) + half) / (1 + z**2 / n) + tolerance
    return upper if upper <= MAX_UPPER else Saturated(upper)


def threshold_for(false_alarms_per_100k: float, events_a_step: float = 1.0) -> float:
    """A, for a budget of false alarms per 100,000 events of one stream, at steps of so many events on average.

    S streams together keep one budget at S times this A.
    """
    allowed_a_step = false_alarms_per_100k * events_a_step / 100_000
    if not 0 < allowed_a_step < 1:
        raise ValueError(f"{allowed_a_step:g} false alarms a step: give a budget above 0 and below one a step")
    return 1 / allowed_a_step


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a detector has seen of S streams, at G alternatives each: of one pU, so a new reference starts anew."""

    log_r: Floats
    """ln R, [S, G]; −∞ before the first event."""
    cusum: Floats
    """Page's CUSUM of the same log likelihood ratios, [S, G]: 0 wherever nothing speaks for a rise."""
    onset: Counts
    """The step from which the CUSUM is above 0, or the next step, [S, G]."""
    steps: Counts
    """Steps taken, [S]; empty ones count."""

    @classmethod
    def none(cls, streams: int, alternatives: int) -> Self:
        """What is known before the first step."""
        shape = (streams, alternatives)
        return cls(np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape, np.int64), np.zeros(streams, np.int64))

    def after(self, log_ratio: Floats, seen: NDArray[np.bool_]) -> Self:
        """After a step of log likelihood ratios, or e-values, [S, G]: 0 where a stream has not `seen` [S] events."""
        # An empty step would add 1 to R though nothing was seen: streams that fall silent would alarm in the end.
        log_r = np.where(seen[:, None], np.logaddexp(0, self.log_r) + log_ratio, self.log_r)
        cusum = np.maximum(self.cusum + log_ratio, 0)
        steps = self.steps + 1
        return type(self)(log_r, cusum, np.where(cusum > 0, self.onset, steps[:, None]), steps)

    def log_mean(self) -> Floats:
        """The natural logarithm of the mean R over the alternatives, [S]."""
        return np.asarray(np.logaddexp.reduce(self.log_r, axis=-1) - log(self.log_r.shape[-1]))

    def without(self, streams: NDArray[np.bool_]) -> Self:
        """Nothing known of the chosen streams, bool[S]; others, and the count of steps, stay."""
        chosen = streams[:, None]
        return type(self)(
            np.where(chosen, -np.inf, self.log_r),
            np.where(chosen, 0.0, self.cusum),
            np.where(chosen, self.steps[:, None], self.onset),
            self.steps,
        )

    def to_bytes(self) -> bytes:
        """12 + S·(8 + 24·G) bytes, little-endian; `from_bytes` gives back every bit."""
        parts = (self.log_r.astype("<f8"), self.cusum.astype("<f8"), self.onset.astype("<i8"), self.steps.astype("<i8"))
        return _HEADER.pack(_FORMAT, *self.log_r.shape) + b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The evidence that `to_bytes` wrote; ValueError for anything else."""
        head, body = data[: _HEADER.size], data[_HEADER.size :]
        form, streams, parts = _HEADER.unpack(head) if len(head) == _HEADER.size else (b"", 0, 0)
        cells = streams * parts
        if form != _FORMAT or len(body) != 8 * (3 * cells + streams):
            raise ValueError(f"{len(data)} bytes are no evidence of this version: start the detector anew")
        floats = np.frombuffer(body, "<f8", 2 * cells).astype(np.float64).reshape(2, streams, parts)
        whole = np.frombuffer(body, "<i8", cells + streams, offset=16 * cells).astype(np.int64)
        return cls(floats[0], floats[1], whole[:cells].reshape(streams, parts), whole[cells:])


class ErrorRateDetector:
    """Steps S independent streams (segments, models) at once.

    A step may be an event (k in {0, 1}, n = 1) or a pane (k of n), and each gives a valid detector of its own. Within
    a pane LR is the product of its events'; what differs is that a rise is looked for from the start of each step,
    and judged at its end, so that A counts steps: for the same false alarms an event, panes of n events take
    `threshold_for(budget, events_a_step=n)`, and find a rise up to about a pane later. Panes must be closed by time
    or by count, never by looking at their errors.
    """

    def __init__(self, upper: Floats | float, threshold: float = 1e5) -> None:
        """`upper` is pU, [S] or one; `threshold` is A, in steps a false alarm."""
        upper = np.atleast_1d(np.asarray(upper, np.float64))
        if not ((upper > 0) & (upper <= MAX_UPPER)).all() or not threshold > 1:
            raise ValueError(f"pU must lie in (0, {MAX_UPPER}] and A above 1: take them from upper_rate, threshold_for")
        self.upper, self.threshold = upper, threshold
        # Where little room is left above pU, alternatives lie at most half way to 1.
        excess = np.minimum(np.asarray(EXCESSES), (1 - upper[:, None]) / 2)
        self._error = np.log1p(excess / upper[:, None])
        self._correct = np.log1p(-excess / (1 - upper[:, None]))

    def start(self) -> Evidence:
        """No evidence."""
        return Evidence.none(*self._error.shape)

    def step(self, evidence: Evidence, errors: NDArray[np.integer], n: NDArray[np.integer] | int = 1) -> Evidence:
        """The evidence after one step of `errors` [S] among `n` events, [S] or one number for all.

        A stream without events in the step keeps its evidence. ValueError unless 0 ≤ errors ≤ n.
        """
        errors = np.asarray(errors, np.int64)
        correct = n - errors
        if ((errors < 0) | (correct < 0)).any():
            raise ValueError("errors must lie between 0 and n: step on closed panes, whose corrections are in")
        if {errors.shape, correct.shape, evidence.steps.shape} != {self.upper.shape}:
            raise ValueError(f"give one count a stream, and evidence of the same {len(self.upper)} streams")
        ratio = errors[:, None] * self._error + correct[:, None] * self._correct
        return evidence.after(ratio, errors + correct > 0)

    def log_mean(self, evidence: Evidence) -> Floats:
        """The natural logarithm of the mean R over the alternatives, [S]."""
        return evidence.log_mean()

    def alarms(self, evidence: Evidence) -> NDArray[np.bool_]:
        """Whether mean R ≥ A, [S]. It stays so until `reset`, or until better events have outweighed the worse."""
        return np.asarray(self.log_mean(evidence) >= log(self.threshold))

    def onset(self, evidence: Evidence) -> Counts:
        """The step with which the rise is estimated to have begun, counted from 0, [S].

        It is the step after the CUSUM of the strongest alternative was last at 0 (Page 1954), and the next step where
        nothing speaks for a rise.
        """
        strongest = evidence.log_r.argmax(-1)
        return np.asarray(np.take_along_axis(evidence.onset, strongest[:, None], -1)[:, 0])

    def reset(self, evidence: Evidence, streams: NDArray[np.bool_]) -> Evidence:
        """No evidence for the chosen streams, bool[S]; others, and the count of steps, stay."""
        return evidence.without(streams)
