"""The service as a process, to be killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.admin import describe
from runtime.settings import KafkaSettings


@pytest.fixture
def partitions(settings: KafkaSettings) -> int:
    return describe(settings, ["windows"])["windows"].partitions


@pytest.fixture
def service(settings: KafkaSettings, tmp_path: Path) -> Any:
    """Runs the service; what it writes is in `log`, and shown where a test fails."""
    environment = os.environ | settings.environment() | {"DRIFTLINE_DATA_DIR": str(tmp_path)}

    @contextmanager
    def run() -> Iterator[subprocess.Popen[bytes]]:
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.triggers"], env=environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            sys.stdout.write((tmp_path / "log").read_text(encoding="utf-8")[-4_000:])

    return run
