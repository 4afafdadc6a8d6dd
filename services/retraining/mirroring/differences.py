"""What is still to be told to MLflow. Nothing is remembered: the two sides are compared, so a repeat goes on anywhere.

MLflow gives numbers and ids of its own, so whoever is killed, or does the same at the same time, may leave two of one.
Numbers only rise and are never given twice: the lowest version of several is the same whoever looks, and stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.retraining.mirroring.found import Found, FoundRun, FoundVersion, experiment_of
from services.retraining.mirroring.wanted import Wanted, WantedVersion

ARTIFACT_PATH = "model"
"""The folder of a run that has the artifact, under its digest."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of MLflow's client."""

    method: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogFacts:
    """Parameters and metrics that a run has not."""

    run_id: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    time_ms: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The artifact is put beside the run, then the run ends: one that has ended has it."""

    run_id: str
    artifact_digest: str | None
    end_ms: int


Change = Call | LogFacts | Finish


def differences(wanted: Wanted, found: Found, artifact_location: str | None) -> list[Change]:
    """What can be changed now, in order; what depends on it shows when both sides are compared again. Empty: alike.

    `artifact_location` is where a new experiment keeps artifacts; null leaves it to MLflow.
    """
    places = list(_places(wanted, found, artifact_location))
    if places or found.experiment_id is None:
        return places
    changes = [
        change
        for version in wanted.versions
        for change in _of_version(wanted.name, version, found, found.experiment_id)
    ]
    return [*changes, *_aliases(wanted, found)]


def _places(wanted: Wanted, found: Found, artifact_location: str | None) -> Iterator[Change]:
    if not found.registered:
        description = "Mirrored from Driftline's registry, which is the truth: what is changed here is not seen there."
        yield Call("create_registered_model", {"name": wanted.name, "description": description})
    if found.experiment_id is None:
        yield Call(
            "create_experiment",
            {"name": experiment_of(wanted.name), "artifact_location": artifact_location},
        )
    elif found.experiment_deleted:
        yield Call("restore_experiment", {"experiment_id": found.experiment_id})


def _of_version(name: str, version: WantedVersion, found: Found, experiment_id: str) -> Iterator[Change]:
    there = _mirrors(version.version, found)
    runs = [run for run in found.runs if run.version == version.version]
    run = _run_of(there, runs)
    if run is not None:
        yield from _of_run(version, run)
    if there:
        yield from _settled(name, version, there, runs)
    elif run is None:
        yield Call(
            "create_run",
            {
                "experiment_id": experiment_id,
                "start_time": version.start_ms,
                "tags": dict(version.run_tags),
                "run_name": version.version,
            },
        )
    elif run.finished:
        yield Call(
            "create_model_version",
            {
                "name": name,
                "source": f"{run.artifact_uri}/{ARTIFACT_PATH}",
                "run_id": run.run_id,
                "tags": dict(version.tags),
                "await_creation_for": None,
            },
        )


def _mirrors(version: str, found: Found) -> list[FoundVersion]:
    """The lowest, which stays, comes first."""
    return sorted((one for one in found.versions if one.version == version), key=lambda one: one.number)


def _run_of(there: list[FoundVersion], runs: list[FoundRun]) -> FoundRun | None:
    """The version's own; before there is a version, any that is not deleted."""
    if there:
        return next((run for run in runs if run.run_id == there[0].run_id), None)
    return min((run for run in runs if not run.deleted), key=lambda run: run.run_id, default=None)


def _of_run(version: WantedVersion, run: FoundRun) -> Iterator[Change]:
    if run.deleted:
        yield Call("restore_run", {"run_id": run.run_id})
        return
    parameters = {name: text for name, text in version.parameters.items() if name not in run.parameters}
    metrics = {name: number for name, number in version.metrics.items() if name not in run.metrics}
    if parameters or metrics:
        yield LogFacts(run.run_id, parameters, metrics, version.registered_ms)
    if not run.finished:
        yield Finish(run.run_id, version.artifact_digest, version.registered_ms)


def _settled(name: str, version: WantedVersion, there: list[FoundVersion], runs: list[FoundRun]) -> Iterator[Change]:
    kept, *doubled = there
    for tag, text in version.tags.items():
        if kept.tags.get(tag) != text:
            yield Call(
                "set_model_version_tag",
                {"name": name, "version": str(kept.number), "key": tag, "value": text},
            )
    for one in doubled:
        yield Call("delete_model_version", {"name": name, "version": str(one.number)})
    for run in runs:
        if run.run_id != kept.run_id and not run.deleted:
            yield Call("delete_run", {"run_id": run.run_id})


def _aliases(wanted: Wanted, found: Found) -> Iterator[Change]:
    for alias, version in wanted.aliases.items():
        there = _mirrors(version, found) if version is not None else []
        if version is None and alias in found.aliases:
            yield Call("delete_registered_model_alias", {"name": wanted.name, "alias": alias})
        elif there and found.aliases.get(alias) != there[0].number:
            yield Call(
                "set_registered_model_alias",
                {"name": wanted.name, "alias": alias, "version": str(there[0].number)},
            )
