"""The story's names, and what its run left: a plan, and the candidate beside production."""

from typing import Any

from runtime.registry.canonical import digest_of
from schemas.comparison import (
    Advice,
    CanarySight,
    Comparison,
    GroupFigure,
    Importance,
    PairedFigure,
    Part,
    Stability,
    Tried,
    Turned,
)
from schemas.model_event import GateResult
from schemas.monitor import Monitor

MODEL, OLD, NEW, RUN = "flights-delay", "2013-02-11", "2013-03-04-rc1", "352c7b4d"
T0 = 1_362_000_000_000
HOUR = 3_600_000
TRAINING, HOLDOUT = digest_of(b"training rows"), digest_of(b"holdout rows")
WEIGHTS = b"weights of the candidate"
ARTIFACT = digest_of(WEIGHTS)


def figure(metric: str, production: float | None, candidate: float | None, **changes: Any) -> PairedFigure:
    gain = None if production is None or candidate is None else round(candidate - production, 3)
    span = {"low": None, "high": None} if gain is None else {"low": gain - 0.01, "high": gain + 0.01}
    fields: dict[str, Any] = {"gain": gain, **span, "p_value": 0.0004 if gain else None, "n": 4_000}
    return PairedFigure(metric=metric, production=production, candidate=candidate, **(fields | changes))


PLAN = Monitor(model=MODEL).model_dump_json(by_alias=True).join(('{"monitor":', "}")).encode()
COMPARISON = Comparison(
    run_id=RUN,
    model=MODEL,
    incumbent=OLD,
    version=NEW,
    artifact_digest=ARTIFACT,
    parts=(
        Part(role="training", digest=TRAINING, rows=41_210, start_ms=T0 - 90 * HOUR, end_ms=T0 - HOUR),
        Part(role="holdout", digest=HOLDOUT, rows=4_000, start_ms=T0 - HOUR, end_ms=T0),
    ),
    labelled_per_day=922.5,
    metrics=(
        figure("log_loss", 0.45, 0.40, gain=0.05, low=0.03, high=0.07),
        figure("f1", 0.70, 0.74),
        figure("auc", None, None, n=0, why_not="production gave no scores"),
    ),
    segments={"origin=JFK": (figure("f1", 0.71, 0.69, p_value=0.8, n=1_200),)},
    turned=Turned(gained=310, lost=120, right=2_960, n=4_000),
    fairness=(
        GroupFigure(
            attribute="carrier",
            group="HA",
            against="UA",
            metric="impact_ratio",
            production=0.91,
            candidate=0.84,
            low=0.78,
            high=0.9,
        ),
    ),
    gates=(
        GateResult(gate="model", rule="guard", feature="recall", passed=False, value=-0.03, bound=0.02, detail="worse"),
        GateResult(gate="model", rule="f1", passed=True, value=0.04, bound=0.0, detail="better by 0.04"),
    ),
    stability=Stability(
        kendall_tau=0.62,
        top_overlap=0.8,
        top=10,
        importances=(
            Importance(feature="wind_speed", production=0.40, candidate=0.75),
            Importance(feature="carrier", production=None, candidate=0.25),
        ),
    ),
    tried=(
        Tried(
            name="boosted-3",
            artifact_digest=ARTIFACT,
            size_bytes=81_920,
            latency_p99_ms=1.3,
            train_s=12.5,
            parameters={"depth": 6},
            metrics={"log_loss": 0.41},
            score=0.8,
            chosen=True,
        ),
        Tried(
            name="linear",
            artifact_digest=HOLDOUT,
            size_bytes=2_048,
            latency_p99_ms=None,
            train_s=0.4,
            parameters={},
            metrics={},
            score=None,
            chosen=False,
            why_not="it did not answer in time",
        ),
    ),
    advice=Advice(
        verdict="retrain", gain=0.04, gain_low=0.03, gain_high=0.05, retrains=3, detail="the last 3 each brought more"
    ),
    canary=(
        CanarySight(metric="error_rate", weight_bp=500, hours=24.0, events=46, production=0.2, least=None),
        CanarySight(metric="error_rate", weight_bp=5_000, hours=48.0, events=922, production=0.2, least=0.07),
    ),
)
