"""A candidate that nobody decided on in time is retired."""

from services.retraining.stages.stage import Bench, Made, Standing, plan_of


def expire(bench: Bench, standing: Standing) -> Made | None:
    """The end of the time to decide, by the wall clock; None before."""
    within_ms = plan_of(bench, standing).monitor.training.decide_within
    if bench.clock.wall_ms() < standing.since_ms + within_ms:
        return None
    return Made(steps=(("retired", f"nobody decided within {within_ms / 3_600_000:g} h"),))
