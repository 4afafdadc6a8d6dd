"""Lines as a log collector and a person see them."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from runtime.clock import ManualClock
from runtime.logs import LogSettings, configure


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_of_structlog_and_of_the_standard_library_are_json_with_service_slot_and_time() -> None:
    stream = io.StringIO()
    configure("drift-fold", "1", stream=stream, clock=ManualClock(1_700_000_000_123))
    structlog.get_logger("own").info("committed", records=5)
    logging.getLogger("faust").warning("slow %s", "broker")
    shared = {"service": "drift-fold", "slot": "1", "timestamp": "2023-11-14T22:13:20.123+00:00"}
    assert lines(stream) == [
        {**shared, "event": "committed", "level": "info", "logger": "own", "records": 5},
        {**shared, "event": "slow broker", "level": "warning", "logger": "faust"},
    ]


def test_secrets_are_redacted_wherever_they_are() -> None:
    stream = io.StringIO()
    configure("ingest", stream=stream)
    structlog.get_logger().info(
        "start",
        config={"sasl.password": "hunter2", "sasl.username": "driftline", "more": [{"api_key": "hunter2"}]},
        secret=SecretStr("hunter2"),
        url="https://me:hunter2@example.org/path",
        authorization="Bearer hunter2",
        tokens_used=3,
    )
    (line,) = lines(stream)
    assert "hunter2" not in json.dumps(line)
    assert line["url"] == "https://**redacted**@example.org/path"
    assert line["tokens_used"] == 3, "numbers are no secrets"
    assert line["config"] == {
        "sasl.password": "**redacted**",
        "sasl.username": "driftline",
        "more": [{"api_key": "**redacted**"}],
    }


def test_exceptions_keep_their_traceback_in_both_formats() -> None:
    for format_ in ("json", "console"):
        stream = io.StringIO()
        configure("a", stream=stream, settings=LogSettings(format=format_))
        try:
            (1).to_bytes(0, "big")
        except OverflowError:
            structlog.get_logger().exception("halted")
        assert "int too big to convert" in stream.getvalue()
        assert "test_exceptions_keep" in stream.getvalue()


def test_the_level_and_the_console_format_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTLINE_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("DRIFTLINE_LOG_FORMAT", "console")
    stream = io.StringIO()
    configure("a", stream=stream)
    structlog.get_logger().info("unheard")
    structlog.get_logger().warning("heard", n=1)
    assert "unheard" not in stream.getvalue()
    assert stream.getvalue().split()[-2:] == ["n=1", "service=a"]
