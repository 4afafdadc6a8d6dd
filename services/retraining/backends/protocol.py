"""Where a job runs: asked for under its id, then looked at until it is done.

A backend is asked by ids, not by connections: whoever lost its memory submits again and polls on. That is how
orchestrators elsewhere work too, so that each fits with one request a method, and a folder that both sides reach:

| | `submit`: a second one of the same id is refused or ignored | `poll` | `cancel` |
| --- | --- | --- | --- |
| Airflow 3 | `POST /api/v2/dags/{dag}/dagRuns`, `dag_run_id` = job_id; 409 is success | `GET …/{id}` | `PATCH` state |
| Prefect | `POST …/create_flow_run`, `idempotency_key` = job_id | `GET /flow_runs/{id}` | `set_state` |
| Dagster | GraphQL `launchRun` with tag job_id, after a look for it | `runOrError` | `terminateRun` |
| Argo | `POST …/workflows/{ns}/submit`, named after job_id; AlreadyExists is success | `GET` | `PUT …/terminate` |
| Kubernetes | a Job named after job_id; `activeDeadlineSeconds` and resources from `Limits` | its status | delete |

What runs there is `python -m services.retraining.child FOLDER`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.training import Limits


@dataclass(frozen=True, slots=True)
class Job:
    """Work that lies ready in a folder (services/retraining/jobs.py)."""

    job_id: str
    """Names the work: the same id is the same work."""
    folder: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class Running:
    """Not done yet, or waiting to begin."""

    says: tuple[str, ...] = ()
    """The last lines that it told people, oldest first."""
    fraction: float | None = None
    """How much is done, 0 to 1; None where it does not know."""


@dataclass(frozen=True, slots=True)
class Done:
    """The folder has its `result`."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not be tried again under this id."""

    reason: str
    """For people: what happened, what to do, and the last lines of its output."""


Status = Running | Done | Failed


class Backend(Protocol):
    """All methods may be repeated after a crash."""

    def submit(self, job: Job) -> None:
        """Sees to it that the job runs, or has run: does nothing where it does, is done, or failed for good.

        Starts it again where its process was lost. Does not wait for the job. Raises OperatorError where the backend
        cannot be reached or cannot start anything.
        """

    def poll(self, job: Job) -> Status:
        """How it stands with a job that was submitted. Short; raises OperatorError as `submit` does."""

    def cancel(self, job: Job) -> None:
        """Ends the job: it is Failed from then on, unless it was done. May block for seconds, until it ended."""

    def close(self) -> None:
        """Lets go of what the backend holds; jobs that run here end, and go on when they are submitted again."""
