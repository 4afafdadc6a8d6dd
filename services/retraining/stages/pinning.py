"""The first stage: monitor, baseline, offsets and time that the run is bound to from then on."""

from services.retraining.snapshot.plan import NoRows, pin
from services.retraining.stages.stage import Bench, Made, Product, RunFailed, Standing


def pin_down(bench: Bench, standing: Standing) -> Made:
    """The plan, as things are now."""
    request = standing.request
    monitor = bench.watched.monitor(request.model)
    baseline = bench.watched.baseline_for(request.model, request.version)
    try:
        plan = pin(bench.kafka, request, monitor, baseline)
    except NoRows as error:
        raise RunFailed(str(error)) from error
    return Made({"plan": Product(plan.to_json())})
