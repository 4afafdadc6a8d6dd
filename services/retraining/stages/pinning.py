"""The first stage: monitor, baseline, offsets and time that the run is bound to from then on."""

from runtime.registry import runs_of
from schemas.baseline import Baseline
from services.retraining.announcing import BASELINE
from services.retraining.snapshot.plan import NoRows, pin
from services.retraining.stages.stage import Bench, Made, Product, RunFailed, Standing


def pin_down(bench: Bench, standing: Standing) -> Made:
    """The plan, as things are now."""
    request = standing.request
    monitor = bench.watched.monitor(request.model)
    try:
        plan = pin(bench.kafka, request, monitor, _baseline(bench, request.model, request.version))
    except NoRows as error:
        raise RunFailed(str(error)) from error
    return Made({"plan": Product(plan.to_json())})


def _baseline(bench: Bench, model: str, version: str) -> Baseline | None:
    """The version's own, as applied, or of the run that made it, which may not be told yet; else the model's best."""
    applied = bench.watched.baseline_for(model, version)
    if applied is not None and applied.version == version:
        return applied
    with bench.registry.reading() as session:
        made = [run.products for run in runs_of(session, model) if run.version == version]
    own = [Baseline.model_validate_json(bench.registry.artifacts.read(of[BASELINE])) for of in made if BASELINE in of]
    return own[0] if own else applied
