"""Whether a candidate may be offered to a person: against production's own answers, on rows that nobody used before."""

from collections.abc import Iterable, Iterator, Mapping

from schemas.model_event import GateResult
from schemas.training import PairedMetric
from services.retraining.gates.cases import cases_of
from services.retraining.gates.fairness import fairness_of
from services.retraining.gates.metrics import primary_of
from services.retraining.gates.results import result
from services.retraining.gates.trial import Pairing, Trial, flaw, has_probabilities, pair
from stats.performance.estimate import MIN_COUNT
from stats.performance.layout import OutcomeLayout
from stats.retraining.gate_figure import GateFigure, at_least, not_judged, unknown
from stats.retraining.model_gate import Budget, Candidate, ModelBounds, model_gate
from stats.retraining.paired import Comparison, compare, metrics

_NO_GROUPS = "no row has a group of it, or the favourable class is none of the model's: mend the monitor's `fairness`"


def judge_model(trial: Trial) -> tuple[GateResult, ...]:
    """Every rule of the monitor, each as a result; the candidate passes where all do.

    Answers that are not there for every row stop it before anything is compared. Metrics that the task does not have,
    attributes that no row has, and too few rows fail by their rules' names.
    """
    wrong = _wrong(trial)
    if wrong is None:
        figures = list(_judged(trial, pair(trial.layout, trial.holdout, trial.incumbent, trial.answers)))
    else:
        figures = [
            GateFigure("answers", None, None, None, passed=False, detail=f"the candidate {wrong}: mend its trainer")
        ]
    return tuple(result("model", figure) for figure in figures)


def _wrong(trial: Trial) -> str | None:
    to_cases, cases = len(trial.to_cases.prediction), len(trial.monitor.training.cases)
    if to_cases != cases:
        return f"gave {to_cases} answers to {cases} cases"
    return flaw(trial.layout, trial.answers, trial.holdout.num_rows)


def _judged(trial: Trial, pairing: Pairing) -> Iterator[GateFigure]:
    layout, rules = trial.layout, trial.monitor.training.model
    primary = dict.fromkeys(primary_of(rules, layout, pairing.production, pairing.candidate), rules.margin)
    guards = {metric: 0.0 - bound for metric, bound in rules.guards.items()}
    fair = fairness_of(pairing, "candidate", trial.monitor.performance.fairness)
    calibrated = any(map(has_probabilities, (pairing.production, pairing.candidate)))
    yield _own_rows(trial, pairing)
    yield from _foreign("primary", primary, layout)
    yield from _foreign("guard", guards, layout)
    yield from (unknown("fairness", name, None, _NO_GROUPS) for name, found in fair.items() if found is None)
    yield from model_gate(
        Candidate(
            layout,
            pairing.cells("candidate"),
            _compared(primary, pairing, rules.alpha),
            _compared(guards, pairing, rules.alpha),
            cases_of(trial),
            {name: found for name, found in fair.items() if found is not None},
            [
                Budget("latency_p99_ms", trial.latency_p99_ms, rules.latency_p99_ms),
                Budget("size_bytes", trial.size_bytes, rules.size_bytes),
            ],
        ),
        ModelBounds(
            rules.impact_ratio,
            rules.odds_difference,
            rules.calibration_error if calibrated else None,
            rules.broken_cases,
        ),
    )
    if layout.classes and not calibrated:
        yield not_judged("calibration_error", "neither model gives probabilities")


def _own_rows(trial: Trial, pairing: Pairing) -> GateFigure:
    detail = (
        f"{pairing.n:,} of {trial.holdout.num_rows:,} rows of the holdout were answered by {trial.incumbent!r} itself"
    )
    step = ": wait for labels of more of its answers" if pairing.n < MIN_COUNT else ""
    return at_least("own_rows", None, pairing.n, MIN_COUNT, f"{detail}, at least {MIN_COUNT} are asked for{step}")


def _foreign(rule: str, asked: Iterable[PairedMetric], layout: OutcomeLayout) -> Iterator[GateFigure]:
    """Metrics that the task does not have."""
    for metric in asked:
        if metric not in metrics(layout.task):
            why = f"a {layout.task} model has no such figure: name some of {', '.join(metrics(layout.task))}"
            yield unknown(rule, metric, None, why)


def _compared(asked: Mapping[PairedMetric, float], pairing: Pairing, alpha: float) -> list[Comparison]:
    """By margin."""
    sides = pairing.label, pairing.production, pairing.candidate
    return [
        compare(metric, *sides, layout=pairing.layout, margin=margin, alpha=alpha)
        for metric, margin in asked.items()
        if metric in metrics(pairing.layout.task)
    ]
