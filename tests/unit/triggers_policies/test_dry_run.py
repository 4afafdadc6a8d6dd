"""`python -m services.triggers dry-run`: a monitor and windows in, requests out."""

import io
import subprocess
import sys

import pytest

from schemas.retraining import RetrainingRequest
from services.triggers import dry_run
from tests.unit.triggers.labelled import window
from tests.unit.triggers_policies.asked import Service, monitor, worse

WATCHED = monitor(worse(for_windows=2, cooldown="3d"))
WINDOWS = [window(day, accuracy=0.6) for day in range(9)]


def _lines() -> bytes:
    return b"".join(record.to_json() + b"\n" for record in (WATCHED, *WINDOWS))


def test_the_process_tells_what_the_service_would_ask_for() -> None:
    service = Service(WATCHED)
    service.days(WINDOWS)
    command = [sys.executable, "-m", "services.triggers", "dry-run"]
    done = subprocess.run(command, input=_lines(), capture_output=True, check=True)
    assert [RetrainingRequest.model_validate_json(line) for line in done.stdout.splitlines()] == service.requests
    assert len(service.requests) == 3


@pytest.mark.parametrize("lines", [[b"{}"], [], [WATCHED.to_json(), b"{}"]])
def test_what_is_no_monitor_or_window_ends_it_with_a_word(
    lines: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dry_run.main(lines, io.BytesIO()) == 2
    assert "a line is no " in capsys.readouterr().err


def test_other_arguments_are_answered_with_the_usage() -> None:
    command = [sys.executable, "-m", "services.triggers", "dry"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "usage: python -m services.triggers [dry-run]" in done.stderr
