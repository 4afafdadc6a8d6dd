"""`driftline triggers`: words for people, and what is refused before a Kafka is asked."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from driftline import by_hand, triggers
from driftline.errors import CommandError
from runtime.settings import KafkaSettings
from schemas.examples import examples
from schemas.retraining import RetrainingRequest, RetrainingSnooze

NOW_MS = 1_372_636_800_000  # 2013-07-01 00:00 UTC
DAY_MS = 86_400_000
NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:1")


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [("7d", NOW_MS + 7 * DAY_MS), ("2013-07-03", NOW_MS + 2 * DAY_MS), ("2013-06-30T12:00", NOW_MS - DAY_MS // 2)],
)
def test_a_snooze_lasts_until_a_time_or_for_a_while(text: str, time_ms: int) -> None:
    assert by_hand.until_ms(text, NOW_MS) == time_ms


def test_a_time_that_is_none_is_refused_by_its_option() -> None:
    with pytest.raises(CommandError, match="--until: 'soon' is no time"):
        by_hand.until_ms("soon", NOW_MS)


@pytest.mark.parametrize("field", ["model", "actor"])
def test_an_empty_name_is_refused_before_anything_is_written(field: str) -> None:
    said: dict[str, Any] = {"model": "m", "reason": "r", "actor": "a", "now_ms": NOW_MS} | {field: ""}
    with pytest.raises(CommandError, match=f"{field}: String should have at least 1 character"):
        by_hand.snooze(NOWHERE, said.pop("model"), NOW_MS, **said)


def test_a_request_without_a_name_or_a_reason_is_refused_before_anything_is_written() -> None:
    for actor, reason, field in (("", "r", "actor"), ("a", " ", "reason")):
        with pytest.raises(CommandError, match=f"{field}: "):
            by_hand.fire(NOWHERE, "m", "v1", reason=reason, actor=actor, now_ms=NOW_MS)


def test_a_dry_run_wants_a_monitor_of_the_model_with_policies(tmp_path: Path) -> None:
    path = tmp_path / "monitor.yaml"
    path.write_text("model: flights\n")
    with pytest.raises(CommandError, match="has no retraining policies"):
        triggers.dry_run(NOWHERE, "flights", path, 0)
    with pytest.raises(CommandError, match="has no monitor of fraud"):
        triggers.dry_run(NOWHERE, "fraud", path, 0)


def test_requests_and_snoozes_are_told_with_who_and_why() -> None:
    requests = [RetrainingRequest.model_validate_json(value) for value in examples("retraining.requests")]
    console = Console(width=300)
    with console.capture() as shown:
        console.print(triggers.requests_table(requests))
    lines = shown.get().splitlines()
    assert [line.split()[0] for line in lines] == ["trigger", *(request.trigger_id[:8] for request in requests)]
    assert all(request.reason in line for request, line in zip(requests, lines[1:], strict=True))
    snooze = RetrainingSnooze.model_validate_json(examples("retraining.controls")[1])
    assert triggers.snooze_line(snooze) == (
        "flights-delay: policies wait until 2013-06-18 00:00 UTC, event time (zoë@example.org: they came early)."
    )
