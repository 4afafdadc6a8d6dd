"""What a run's candidate is called."""

from datetime import UTC, datetime


def version_of(run_id: str, requested_ms: int) -> str:
    """The day of the request and six hex digits of the run, such as `2013-04-26.8f1c3a`: the same whoever asks."""
    return f"{datetime.fromtimestamp(requested_ms / 1_000, UTC):%Y-%m-%d}.{run_id[:6]}"
