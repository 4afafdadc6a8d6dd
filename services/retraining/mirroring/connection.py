"""Where MLflow is, its client, and how a change is made there."""

import importlib
import importlib.util
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from runtime.errors import OperatorError
from runtime.registry import ArtifactStore
from services.retraining.mirroring.differences import ARTIFACT_PATH, Call, Change, Finish, LogFacts
from services.retraining.mirroring.found import Client

DEFAULTS: Final[Mapping[str, str]] = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds; of its own it is 120, with seven retries
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "60",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",  # its lines go where ours go
    "MLFLOW_DISABLE_TELEMETRY": "true",  # of its own it tells its makers of its use
}
"""Variables of MLflow that hold here unless the environment sets them."""

_FILE: Final = "sqlite:///"
_ADDRESSES: Final = (_FILE, "http://", "https://")
_BUSY_S: Final = 5.0


def require(uri: str) -> None:
    """Raises OperatorError where the address can be none, or MLflow is not installed."""
    if not uri.startswith(_ADDRESSES) or uri == _FILE:
        raise OperatorError(
            "DRIFTLINE_MLFLOW_URI is no address that models can be mirrored to.",
            "set it to the address of an MLflow server (http://host:5000) or to sqlite:///path, or leave it unset",
        )
    if importlib.util.find_spec("mlflow") is None:
        raise OperatorError(
            "DRIFTLINE_MLFLOW_URI is set, but MLflow is not installed.",
            "install driftline[mlflow], or leave the variable unset",
        )


def connect(uri: str) -> Client:
    """A client of that MLflow; imports it. Raises OSError or sqlite3.Error where a file cannot be used."""
    for name, setting in DEFAULTS.items():
        os.environ.setdefault(name, setting)
    mlflow = importlib.import_module("mlflow")
    file = _file(uri)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _create(mlflow, file)
        with closing(sqlite3.connect(file, timeout=_BUSY_S)) as database:
            database.execute("PRAGMA schema_version")  # MLflow itself would try a broken file again for minutes
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


def _create(mlflow: Any, file: Path) -> None:
    """Makes the file with MLflow's tables whole or not at all: half of them, which a kill leaves, could not be used."""
    with TemporaryDirectory(prefix=f".{file.name}-", dir=file.parent) as folder:
        made = Path(folder) / file.name
        mlflow.MlflowClient(tracking_uri=f"{_FILE}{made}", registry_uri=f"{_FILE}{made}")
        with suppress(FileExistsError):  # somebody else was faster
            file.hardlink_to(made)


def artifact_location(uri: str) -> str | None:
    """Beside a file, where MLflow would else take the folder it is started in; null: a server has its own."""
    file = _file(uri)
    return None if file is None else (file.parent.absolute() / "mlartifacts").as_uri()


def make(change: Change, client: Client, artifacts: ArtifactStore) -> None:
    """Makes a change; making it again does no harm. Blocks. Raises what MLflow raises, and RegistryError."""
    match change:
        case Call(method, arguments):
            getattr(client, method)(**arguments)
        case LogFacts(run_id, parameters, metrics, time_ms):
            entities = importlib.import_module("mlflow.entities")
            client.log_batch(
                run_id,
                metrics=[entities.Metric(name, number, time_ms, 0) for name, number in metrics.items()],
                params=[entities.Param(name, text) for name, text in parameters.items()],
            )
        case Finish(run_id, artifact_digest, end_ms):
            if artifact_digest is not None:
                _put(client, artifacts, run_id, artifact_digest)
            client.set_terminated(run_id, "FINISHED", end_ms)


def _put(client: Client, artifacts: ArtifactStore, run_id: str, digest: str) -> None:
    with TemporaryDirectory(prefix="driftline-mlflow-") as folder:
        file = Path(folder) / digest.removeprefix("sha256:")
        artifacts.fetch(digest, file)
        client.log_artifact(run_id, str(file), artifact_path=ARTIFACT_PATH)


def _file(uri: str) -> Path | None:
    return Path(uri.removeprefix(_FILE).partition("?")[0]) if uri.startswith(_FILE) else None
