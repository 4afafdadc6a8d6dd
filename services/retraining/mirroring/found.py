"""What MLflow says of a model, in plain data: versions are numbers, whether it gives integers or texts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.retraining.mirroring.wanted import VERSION_TAG

Client = Any
"""An `mlflow.MlflowClient`. The package is optional, so nothing here imports it."""

_ALL: Final = 3
"""Of mlflow.entities.ViewType: deleted runs too."""


@dataclass(frozen=True, slots=True)
class FoundVersion:
    """A version in MLflow that mirrors one of the registry."""

    number: int
    version: str
    """In the registry."""
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run in MLflow that mirrors how a version was made."""

    run_id: str
    version: str
    """In the registry."""
    deleted: bool
    """By a person it can be restored."""
    finished: bool
    """It has its artifact."""
    artifact_uri: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """All that MLflow says of one model."""

    registered: bool
    aliases: Mapping[str, int]
    experiment_id: str | None
    experiment_deleted: bool
    versions: tuple[FoundVersion, ...]
    runs: tuple[FoundRun, ...]


def experiment_of(name: str) -> str:
    """The experiment with the runs of a registered model of that name."""
    return f"driftline/{name}"


def find(client: Client, name: str) -> Found:
    """Asks MLflow for a registered model and the runs beside it: four calls, more where there are pages. Blocks."""
    named = f"name = '{name}'"
    registered = list(_pages(client.search_registered_models, filter_string=named))
    versions = list(_pages(client.search_model_versions, filter_string=named)) if registered else []
    experiment = client.get_experiment_by_name(experiment_of(name))
    runs = (
        []
        if experiment is None
        else _pages(client.search_runs, experiment_ids=[experiment.experiment_id], run_view_type=_ALL)
    )
    return Found(
        registered=bool(registered),
        aliases={alias: int(number) for model in registered for alias, number in model.aliases.items()},
        experiment_id=None if experiment is None else experiment.experiment_id,
        experiment_deleted=experiment is not None and experiment.lifecycle_stage == "deleted",
        versions=tuple(_version(version) for version in versions if VERSION_TAG in version.tags),
        runs=tuple(_run(run) for run in runs if VERSION_TAG in run.data.tags),
    )


def _pages(search: Callable[..., Any], **query: Any) -> Iterator[Any]:
    page = search(**query)
    yield from page
    while page.token:
        page = search(**query, page_token=page.token)
        yield from page


def _version(version: Any) -> FoundVersion:
    return FoundVersion(
        number=int(version.version),
        version=version.tags[VERSION_TAG],
        run_id=version.run_id,
        tags=dict(version.tags),
    )


def _run(run: Any) -> FoundRun:
    return FoundRun(
        run_id=run.info.run_id,
        version=run.data.tags[VERSION_TAG],
        deleted=run.info.lifecycle_stage == "deleted",
        finished=run.info.status == "FINISHED",
        artifact_uri=run.info.artifact_uri,
        parameters=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )
