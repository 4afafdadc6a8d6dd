"""The concept detector: whether a model is more often wrong than in the reference, and whether its inputs explain it.

It steps on panes of joined outcomes by label time. Every stream of evidence is an e-detector of Shiryaev-Roberts type
(stats/error_rate.py) on the e-values of stats/performance/bets.py:

    errors          the error rate of all pairs, of a regression their mean absolute error
    concept         the same within strata of what was predicted and how surely: inputs that moved into harder strata
                    are no evidence
    outcomes_up     of two classes, positive labels within bins of their probability; one stream for each direction
    outcomes_down

    ln R ← ln(1 + R) + L/φ;   finding where ln mean R ≥ ln(streams · panes a month / budget), which sets R back to 0

R is also set to 0 where a bet's CUSUM is, and so counts from the onset on. That only lowers it, and without it the
smallest bets, which neither win nor lose, would make R grow by 1 a pane for ever.

As long as strata lose no more than the reference's bounds, in expectation and whatever came before, all streams
together raise at most `budget` false alarms a month. It assumes that labels are independent given their predictions,
or as dependent as φ says, which is learnt from the panes (stats/performance/dispersion.py); and that which labels
arrive does not depend on what they say: where bad news comes later than good, wait for a time of the labels' usual
delay before the first pane.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from stats.detector.rule import MONTH_MS
from stats.error_rate import Evidence, Saturated
from stats.outcome import TooFew
from stats.performance.bets import Bets, bets_on_losses, bets_on_rates, log_e_of_losses, log_e_of_rates
from stats.performance.concept_state import SINCE, ConceptState
from stats.performance.concept_streams import Stream, streams
from stats.performance.dispersion import after, dispersion, nothing_seen
from stats.performance.exact_sum import Cells, Floats
from stats.performance.layout import OutcomeLayout
from stats.performance.strata import Strata

__all__ = ["ConceptDetector", "ConceptFinding", "ConceptRule", "ConceptState"]

_LEAST = {"tolerance": 0.0, "dispersion": 1.0}
"""Settings not named here are above 0."""


@dataclass(frozen=True, slots=True)
class ConceptRule:
    """Settings of a concept detector."""

    pane_ms: int
    budget: float = 1.0
    """False alarms a model and month of 30 days, at most, in expectation."""
    tolerance: float = 0.01
    """Rises of a rate by less are not looked for; of a regression, relative rises of the mean absolute error."""
    page: float = 0.1
    """Effect from which a finding pages; of a regression, in units of the reference's mean absolute error."""
    z: float = 3.0
    """How many standard errors of the finite reference are paid for."""
    dispersion: float = 1.0
    """φ from the start, where it is known: 5 where each label comes five times. More is learnt from the panes."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value, least = getattr(self, field.name), _LEAST.get(field.name)
            if not math.isfinite(value) or (value <= 0 if least is None else value < least):
                wanted = "above 0" if least is None else f"at least {least:g}"
                raise ValueError(f"{field.name} is {value}: it must be finite and {wanted}")


@dataclass(frozen=True, slots=True)
class ConceptFinding:
    """A stream whose evidence passed the bound. Rates are shares, of a regression mean errors in the label's unit."""

    what: str
    severity: Literal["message", "page"]
    log_e: float
    onset_ms: int
    """Start of the pane in which the change is estimated to have begun."""
    n: int
    """Labels since then."""
    effect: float
    """`now` less `expected`; of outcomes, of the positive class."""
    expected: float
    """What the reference leads to expect of these predictions; of `errors`, its own error rate."""
    now: float


class ConceptDetector:
    """One model version's detector; immutable, so that many steps may share it."""

    def __init__(self, layout: OutcomeLayout, reference: Cells, rule: ConceptRule) -> None:
        """`reference`: the baseline's labelled rows, int64[size]. Where it does not do, `off` says why."""
        found = streams(layout, reference, z=rule.z, tolerance=rule.tolerance)
        self.off = found if isinstance(found, TooFew | Saturated) else None
        """Why nothing is watched; None where it is."""
        self._streams = () if isinstance(found, TooFew | Saturated) else found
        self.streams = tuple(stream.name for stream in self._streams)
        """In use, in the order of the evidence."""
        self.rule, self._layout = rule, layout
        self._bets = [self._bet(stream) for stream in self._streams]
        self._variance = [stream.expected.variance.T.ravel() for stream in self._streams]
        self._unit = layout.scale if layout.task == "regression" else 1.0
        self._page = rule.page
        if self._streams and layout.task == "regression":
            self._page *= self._unit * float(self._streams[0].expected.mean.sum())

    @property
    def bound(self) -> float:
        """ln(streams · panes a month / budget)."""
        return math.log(max(len(self.streams), 1) * MONTH_MS / self.rule.pane_ms / self.rule.budget)

    def start(self) -> ConceptState:
        """The state before the first pane."""
        shape = (len(self._bets), len(self._bets[0].size) if self._bets else 0)
        return ConceptState(Evidence.none(*shape), np.zeros((*shape, SINCE)), nothing_seen(len(self._bets)))

    def step(
        self, state: ConceptState, start_ms: int, cells: Cells
    ) -> tuple[ConceptState, dict[str, float], list[ConceptFinding]]:
        """Takes one pane, int64[layout.size], that follows those stepped before; without pairs it changes nothing.

        Returns the state after it, ln mean R of every stream that has seen labels, before any reset, and what was
        found. A stream that was found starts anew. Raises ValueError for a state of another baseline.
        """
        if state.evidence.log_r.shape != self.start().evidence.log_r.shape:
            raise ValueError("the state belongs to another baseline: start the detector anew")
        seen = [_flat(stream.strata(self._layout, cells)) for stream in self._streams]
        stepped = self._after(state, start_ms // self.rule.pane_ms, seen)
        log_e = stepped.evidence.log_mean() if self._streams else np.zeros(0)
        found = log_e >= self.bound
        findings = [self._finding(stepped, int(s), float(log_e[s])) for s in np.flatnonzero(found)]
        evidence = {name: float(x) for name, x in zip(self.streams, log_e, strict=True) if x > -math.inf}
        return replace(stepped, evidence=stepped.evidence.without(found)), evidence, findings

    def _bet(self, stream: Stream) -> Bets:
        mean, uncertainty = stream.expected.mean.T.ravel(), stream.expected.uncertainty.T.ravel()
        z, tolerance = self.rule.z, self.rule.tolerance
        if self._layout.task == "regression":
            return bets_on_losses(mean, uncertainty, z=z, tolerance=tolerance)
        return bets_on_rates(mean, uncertainty, _flat(stream.reference).n, z=z, tolerance=tolerance)

    def _after(self, state: ConceptState, pane: int, seen: list[Strata]) -> ConceptState:
        if not any(now.n.any() for now in seen):
            return state
        before, now_any = state.evidence, np.array([now.n.any() for now in seen])
        fresh = before.cusum <= 0
        begun = replace(
            before,
            log_r=np.where(fresh, -np.inf, before.log_r),
            onset=np.where(fresh, pane, before.onset),
            steps=np.full_like(before.steps, pane),
        )
        phi = np.maximum(dispersion(state.spread), self.rule.dispersion)
        log_e = np.stack(list(self._log_e(seen))) / phi[:, np.newaxis]
        sums = np.stack(
            [
                (now.n.sum(), now.loss.sum(), now.n @ stream.expected.mean.T.ravel())
                for stream, now in zip(self._streams, seen, strict=True)
            ]
        )
        since = np.where(fresh[..., np.newaxis], 0.0, state.since) + sums[:, np.newaxis]
        deviations = np.array(
            [
                bets.deviation(now.n, now.loss, variance)
                for bets, now, variance in zip(self._bets, seen, self._variance, strict=True)
            ]
        )
        return ConceptState(begun.after(log_e, now_any), since, after(state.spread, pane, *deviations.T))

    def _log_e(self, seen: list[Strata]) -> Iterator[Floats]:
        for bets, now in zip(self._bets, seen, strict=True):
            there = np.flatnonzero(now.n)
            some, n, loss = bets.of(there), now.n[there], now.loss[there]
            if self._layout.task == "regression":
                yield log_e_of_losses(some, n, loss, now.square[there])
            else:
                yield log_e_of_rates(some, n, loss)

    def _finding(self, state: ConceptState, s: int, log_e: float) -> ConceptFinding:
        leading = state.evidence.log_r[s].argmax()
        n, *sums = state.since[s, leading].tolist()
        now, expected = (self._unit * x / n for x in sums)
        if self._streams[s].opposite:
            now, expected = 1 - now, 1 - expected
        return ConceptFinding(
            what=self.streams[s],
            severity="page" if abs(now - expected) >= self._page else "message",
            log_e=log_e,
            onset_ms=int(state.evidence.onset[s, leading]) * self.rule.pane_ms,
            n=int(n),
            effect=now - expected,
            expected=expected,
            now=now,
        )


def _flat(of: Strata) -> Strata:
    """Bin after bin, so that neighbours are alike, [bins · groups]."""
    return Strata(of.n.T.ravel(), of.loss.T.ravel(), of.square.T.ravel())
