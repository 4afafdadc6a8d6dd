"""Settings of the drift service's two processes, beside those of every process."""

from pydantic import Field

from runtime.process import ProcessSettings


class DriftSettings(ProcessSettings):
    """Each from the environment variable DRIFTLINE_<NAME>."""

    batch_records: int = Field(20_000, ge=1)
    """Records folded in one transaction at most."""
    batch_wait_s: float = Field(0.4, gt=0, le=10)
    """How long a batch is collected: half the delay from event to window, and fewer, larger transactions."""
