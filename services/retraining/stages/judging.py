"""Candidates answer, one is chosen on the validation rows and held against production on the holdout."""

from collections.abc import Sequence
from typing import Final

from runtime.registry import runs_of
from schemas.comparison import Comparison
from services.retraining.announcing import BASELINE
from services.retraining.gates.choosing import Costs, choose
from services.retraining.gates.choosing import Made as Measured
from services.retraining.gates.comparing import compare_models
from services.retraining.gates.figures import figures
from services.retraining.gates.layouts import layout_of, task_of
from services.retraining.gates.model import judge_model
from services.retraining.gates.results import summary
from services.retraining.gates.trial import Trial, pair
from services.retraining.jobs import TrainManifest
from services.retraining.naming import version_of
from services.retraining.snapshot.split import packed
from services.retraining.stages.answering import CASES, Replies, cases_of, manifest_of, replies, still_answering
from services.retraining.stages.recording import Outcome, background_of, baseline_of, recorded
from services.retraining.stages.stage import ARROW, PARTS, Bench, Made, Product, Standing, parts_of, plan_of

COMPARISON: Final = "comparison"


def judge(bench: Bench, standing: Standing) -> Made | None:
    """The chosen candidate with all that is known of it; None while candidates are still answering."""
    if still_answering(bench, standing):
        return None
    plan, manifest, parts = plan_of(bench, standing), manifest_of(bench, standing), parts_of(bench, standing)
    layout, cases = layout_of(plan.baseline, plan.monitor, parts["training"]), cases_of(plan, parts["training"])
    parts |= {CASES: cases} if cases is not None else {}
    said = replies(bench, standing, plan, task_of(layout, parts["training"]), parts)
    if said is None:
        return None
    earlier = _earlier(bench, plan.model)
    costs, training = _costs(earlier, plan.incumbent), plan.monitor.training
    tried = choose(layout, training, parts["validation"], plan.incumbent, _measured(manifest, said), production=costs)
    chosen = tried[0]
    answers = said.of(chosen.name, "holdout")
    trial = Trial(
        layout,
        plan.monitor,
        plan.incumbent,
        parts["holdout"],
        answers,
        said.to_cases(chosen.name, len(training.cases)),
        said.incumbent_to_cases(),
        chosen.latency_p99_ms,
        chosen.size_bytes,
    )
    results = judge_model(trial)
    outcome = Outcome(
        run_id=standing.run_id,
        version=version_of(standing.run_id, standing.request.requested_ms),
        plan=plan,
        layout=layout,
        parts=parts,
        digests={part: standing.products[f"rows:{part}"] for part in PARTS},
        manifest=manifest,
        tried=tried,
        results=results,
        code_version=bench.code_version,
    )
    artifact = bench.registry.artifacts.read(chosen.artifact_digest)
    products = {"chosen": Product(artifact, outcome.chosen.media_type)}
    if cases is not None:
        products[f"rows:{CASES}"] = Product(packed(cases), ARROW)
    comparable = not any(result.rule == "answers" for result in results)
    measured = []
    if comparable:
        products[COMPARISON] = Product(compare_models(trial, background_of(outcome, earlier)).to_json())
        measured = list(figures(pair(layout, trial.holdout, plan.incumbent, answers), plan.monitor.segment_limit))
    baseline = baseline_of(outcome, said) if comparable else None
    if baseline is not None:
        products[BASELINE] = Product(baseline.to_json())
    told = summary(results)
    facts = recorded(outcome, bench.registry.artifacts.put(artifact), baseline, measured)
    if all(result.passed for result in results):
        return Made(
            products, {"model": results}, facts, (("model_gate", told), ("candidate", f"{chosen.name}, {told}"))
        )
    return Made(products, {"model": results}, facts, (("model_gate", told), ("failed", told)))


def _measured(manifest: TrainManifest, said: Replies) -> list[Measured]:
    latencies = said.candidates.manifest.candidates
    return [
        Measured(
            of.name,
            of.digest,
            of.size_bytes,
            latencies[of.name].latency_p99_ms,
            of.train_s,
            of.parameters,
            said.of(of.name, "validation"),
        )
        for of in manifest.candidates
    ]


def _earlier(bench: Bench, model: str) -> tuple[Comparison, ...]:
    """Comparisons of the model's runs so far, oldest first."""
    with bench.registry.reading() as session:
        digests = [run.products[COMPARISON] for run in runs_of(session, model) if COMPARISON in run.products]
    return tuple(Comparison.model_validate_json(bench.registry.artifacts.read(digest)) for digest in reversed(digests))


def _costs(earlier: Sequence[Comparison], incumbent: str) -> Costs:
    """What production costs, where a run made it."""
    for comparison in earlier:
        if comparison.version == incumbent:
            of = next(tried for tried in comparison.tried if tried.chosen)
            return Costs(of.latency_p99_ms, of.size_bytes, of.train_s)
    return Costs()
