"""A registry on disk, and a request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.registry import Registry, RegistrySettings
from schemas.retraining import RetrainingRequest

T0 = 1_362_000_000_000


def request(trigger_id: str = "a" * 32, **changes: Any) -> RetrainingRequest:
    fields: dict[str, Any] = {
        "trigger_id": trigger_id,
        "model": "churn",
        "version": "1",
        "policy": "accuracy",
        "kind": "performance",
        "reason": "accuracy is 0.5",
        "requested_ms": T0,
        "actor": "triggers",
    }
    return RetrainingRequest(**fields | changes)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    settings = RegistrySettings(url=f"sqlite:///{tmp_path / 'registry.db'}", artifacts=str(tmp_path / "artifacts"))
    with Registry.opened(settings) as opened:
        yield opened
