"""Keep, retrain or replace, from what this retrain and those before it brought."""

from collections.abc import Sequence

from schemas.comparison import Advice, Turned
from services.retraining.gates.trial import Pairing
from stats.performance.estimate import Estimate
from stats.retraining.replace import Retrain, advise


def turned_of(pairing: Pairing) -> Turned | None:
    """How many answers turned from wrong to right and back; None of a regression, whose answers are never just so."""
    if not pairing.layout.classes:
        return None
    was, now = (model.prediction == pairing.label for model in (pairing.production, pairing.candidate))
    return Turned(gained=int((now & ~was).sum()), lost=int((was & ~now).sum()), right=int(now.sum()), n=pairing.n)


def advice_of(history: Sequence[Turned], newest: Turned | None, target: float | None) -> Advice:
    """Advice from the comparisons of earlier retrains, oldest first, and of this one."""
    if newest is None:
        return Advice(verdict=None, target=target, detail="advice is for classifications: it counts right answers")
    every = [*history, newest]
    if target is None:
        detail = "name the share of right answers that is wanted, `target` in the monitor's `training`, to be advised"
        return Advice(verdict=None, retrains=len(every), detail=detail)
    found = advise([Retrain(of.gained, of.lost, of.right, of.n) for of in every], target)
    gain, level = (of if isinstance(of, Estimate) else None for of in (found.gain, found.level))
    return Advice(
        verdict=found.verdict,
        plan_replacement=found.plan_replacement,
        gain=gain.value if gain else None,
        gain_low=gain.low if gain else None,
        gain_high=gain.high if gain else None,
        level=level.value if level else None,
        target=target,
        retrains=len(every),
        detail=found.sentence,
    )
