"""Settings of the performance service's two processes, beside those of every process."""

from pydantic import Field

from runtime.process import ProcessSettings


class PerformanceSettings(ProcessSettings):
    """Each from the environment variable DRIFTLINE_<NAME>."""

    batch_records: int = Field(10_000, ge=1)
    """Records of both topics joined in one transaction at most."""
    batch_wait_s: float = Field(0.4, gt=0, le=10)
    """How long a batch is collected: half the delay from label to outcome, and fewer, larger transactions."""
    waiting_labels: int = Field(1_000_000, ge=1)
    """Labels without their prediction that wait on one partition at most; further ones are dead-lettered at once."""
