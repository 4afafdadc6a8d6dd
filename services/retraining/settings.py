"""Settings of the retraining service, beside those of every process; the registry's are in runtime/registry."""

from pydantic import Field, SecretStr

from runtime.process import ProcessSettings


class RetrainingSettings(ProcessSettings):
    """Each from the environment variable DRIFTLINE_<NAME>."""

    catch_up_s: float = Field(60.0, gt=0)
    """How long reading `monitors` and `baselines` to the end may take at the start, in seconds."""
    poll_s: float = Field(0.5, gt=0, le=10)
    """How often a training under way is looked at."""
    jobs: int = Field(2, ge=1)
    """How many processes of trainers run at once; further ones wait. Each computes on one core."""
    mlflow_uri: SecretStr = SecretStr("")
    """Where the registry is mirrored to, such as sqlite:///mlflow.db; empty mirrors nothing. It may hold a password."""
    code_version: str | None = None
    """What names the trainers' code, such as a commit; it stands in the registry and on model cards."""
