"""The comparison a person decides by: every figure of candidate and production on the same rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final, Literal

from schemas.comparison import Comparison, GroupFigure, Importance, PairedFigure, Part, Stability, Tried, Turned
from schemas.model_event import GateResult
from schemas.performance import Fairness as FairnessRules
from services.retraining.gates.advising import advice_of, turned_of
from services.retraining.gates.fairness import fairness_of
from services.retraining.gates.figures import segments
from services.retraining.gates.results import identifier
from services.retraining.gates.sights import sights
from services.retraining.gates.trial import Pairing, Trial, pair
from stats.outcome import TooFew
from stats.performance.estimate import Estimate, Figure
from stats.performance.fairness import Fairness
from stats.retraining import paired
from stats.retraining.stability import stability

_Rate = Literal["selection_rate", "tpr", "fpr"]
_Disparity = Literal["impact_ratio", "odds_difference"]
_RATES: Final[dict[_Rate, str]] = {
    "selection_rate": "selection_rate",
    "tpr": "true_positive_rate",
    "fpr": "false_positive_rate",
}
_DISPARITIES: Final[tuple[_Disparity, ...]] = ("impact_ratio", "odds_difference")


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What is told of a candidate beside its answers."""

    run_id: str
    model: str
    version: str
    artifact_digest: str
    parts: tuple[Part, ...]
    tried: tuple[Tried, ...]
    gates: tuple[GateResult, ...]
    production_importance: Mapping[str, float]
    """By feature, shares of the whole; empty where not known."""
    candidate_importance: Mapping[str, float]
    history: Sequence[Turned]
    """Of earlier retrains, oldest first."""
    labelled_per_day: float
    """Predictions of the model that got a label, in the snapshot's time."""


def compare_models(trial: Trial, beside: Background) -> Comparison:
    """All figures overall and by segment, and what they advise. Raises ValueError for answers with a flaw."""
    pairing, rules = pair(trial.layout, trial.holdout, trial.incumbent, trial.answers), trial.monitor.training
    turned = turned_of(pairing)
    parts = segments(pairing, trial.monitor.segment_limit)
    return Comparison(
        run_id=beside.run_id,
        model=beside.model,
        incumbent=trial.incumbent,
        version=beside.version,
        artifact_digest=beside.artifact_digest,
        parts=beside.parts,
        labelled_per_day=beside.labelled_per_day,
        metrics=tuple(_paired(pairing, rules.model.alpha)),
        segments={segment: tuple(_paired(rows, rules.model.alpha)) for segment, rows in parts.items()},
        turned=turned,
        fairness=tuple(_groups(pairing, trial.monitor.performance.fairness)),
        gates=beside.gates,
        stability=_stability(beside.production_importance, beside.candidate_importance),
        tried=beside.tried,
        advice=advice_of(beside.history, turned, rules.target),
        canary=tuple(sights(pairing, trial.holdout, beside.labelled_per_day)),
    )


def _paired(pairing: Pairing, alpha: float) -> Iterator[PairedFigure]:
    for metric in paired.metrics(pairing.layout.task):
        found = paired.compare(
            metric, pairing.label, pairing.production, pairing.candidate, layout=pairing.layout, alpha=alpha
        )
        told: dict[str, Any] = {"metric": metric, "production": found.production, "candidate": found.candidate}
        match found.difference:
            case TooFew(have=have) as few:
                yield PairedFigure(**told, gain=None, low=None, high=None, p_value=None, n=have, why_not=str(few))
            case Estimate(value, low, high, n):
                yield PairedFigure(**told, gain=value, low=low, high=high, p_value=found.p_value, n=n)


def _groups(pairing: Pairing, rules: FairnessRules) -> Iterator[GroupFigure]:
    production = fairness_of(pairing, "production", rules)
    for attribute, found in fairness_of(pairing, "candidate", rules).items():
        was = production[attribute]
        if found is not None and was is not None:
            yield from _of_attribute(attribute, was, found)


def _of_attribute(attribute: str, was: Fairness, now: Fairness) -> Iterator[GroupFigure]:
    """Rates of every group, the one of comparison's too, and what parts the others from it."""

    def told(group: str, metric: _Rate | _Disparity, before: Figure, after: Figure) -> GroupFigure:
        estimate = after if isinstance(after, Estimate) else None
        return GroupFigure(
            attribute=attribute,
            group=group,
            against=now.against,
            metric=metric,
            production=before.value if isinstance(before, Estimate) else None,
            candidate=estimate.value if estimate else None,
            low=estimate.low if estimate else None,
            high=estimate.high if estimate else None,
        )

    for group in now.rates:
        for rate, name in _RATES.items():
            yield told(group, rate, getattr(was.rates[group], name), getattr(now.rates[group], name))
        if group in now.disparity:
            for apart in _DISPARITIES:
                yield told(group, apart, getattr(was.disparity[group], apart), getattr(now.disparity[group], apart))


def _stability(production: Mapping[str, float], candidate: Mapping[str, float]) -> Stability:
    was, now = ({name: x for name, x in of.items() if isfinite(x)} for of in (production, candidate))
    found = stability(was, now)
    features = sorted({*was, *now}, key=lambda name: (-now.get(name, 0.0), -was.get(name, 0.0), name))
    return Stability(
        kendall_tau=found.tau if isinstance(found.tau, float) else None,
        top_overlap=found.overlap if isinstance(found.overlap, float) else None,
        top=found.top,
        importances=tuple(
            Importance(feature=identifier(name), production=was.get(name), candidate=now.get(name)) for name in features
        ),
    )
