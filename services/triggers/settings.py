"""Settings of the triggers service, beside those of every process."""

from pydantic import Field

from runtime.process import ProcessSettings


class TriggersSettings(ProcessSettings):
    """Each from the environment variable DRIFTLINE_<NAME>."""

    catch_up_s: float = Field(60.0, gt=0)
    """How long reading `monitors`, and `retraining.controls`, to the end may take at the start, in seconds."""
