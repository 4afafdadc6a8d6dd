"""Models with versions, runs and traffic in the registry, and all that MLflow says of them in plain words."""

from pathlib import Path
from typing import Any

from runtime.registry import Registry, Stamp, advance_run, open_run, record_deployment, register_candidate
from schemas.model_event import Step
from services.retraining.mirroring.connection import connect
from services.retraining.mirroring.found import find
from tests.unit.registry.story import MODEL, NEW, OLD, REQUEST, RUN, T0, candidate, desired, live

NEXT, NEXT_RUN = "2013-04-01-rc1", "9a8b7c6d"
UNTIL_CANDIDATE = 14
"""Calls of the registry's story: two versions, the newer one of which waits for a decision."""


def uri(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def live_until_candidate(registry: Registry) -> None:
    live(registry, until=UNTIL_CANDIDATE)


def advance(registry: Registry, *steps: Step, run_id: str = RUN) -> None:
    with registry.writing() as session:
        for step in steps:
            advance_run(session, Stamp("retraining", T0 + 100_000_000), run_id, step)


def serve(registry: Registry, generation: int, new_bp: int) -> None:
    with registry.writing() as session:
        record_deployment(session, Stamp("rollout", T0), desired(generation, new_bp, None), T0 + generation)


def retrain_again(registry: Registry) -> None:
    """A second run, whose candidate waits."""
    request = REQUEST.model_copy(update={"trigger_id": NEXT_RUN, "version": NEW})
    again = candidate(
        registry, version=NEXT, run_id=NEXT_RUN, datasets={}, artifact=registry.artifacts.put(b"newer weights")
    )
    stamp = Stamp("retraining", T0 + 200_000_000)
    with registry.writing() as session:
        open_run(session, stamp, request)
        register_candidate(session, stamp, again)
        for step in ("data_gate", "trained", "model_gate", "candidate"):
            advance_run(session, stamp, NEXT_RUN, step)


def said(folder: Path, name: str = MODEL) -> dict[str, Any]:
    """What MLflow says, without the ids and numbers that it gives itself, and without what was deleted."""
    client = connect(uri(folder))
    found = find(client, name)
    runs = {run.run_id: run for run in found.runs if not run.deleted}
    versions = {version.number: version for version in found.versions}
    return {
        "versions": sorted(
            (
                version.version,
                dict(version.tags),
                dict(runs[version.run_id].parameters),
                dict(runs[version.run_id].metrics),
                runs[version.run_id].finished,
                sorted(path.path for path in client.list_artifacts(version.run_id, "model")),
            )
            for version in versions.values()
        ),
        "runs": sorted(run.version for run in runs.values()),
        "aliases": {alias: versions[number].version for alias, number in found.aliases.items()},
    }


__all__ = ["MODEL", "NEW", "NEXT", "NEXT_RUN", "OLD", "RUN", "T0", "candidate"]
