"""`driftline approve` and `driftline reject` hold a decision against the registry before anything is written."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from driftline.cli import app
from driftline.deciding import Decided, Terms, decide
from driftline.errors import CommandError, ExitCode
from runtime.clock import ManualClock
from runtime.registry import (
    Registry,
    Stamp,
    advance_run,
    open_run,
    record_approval,
    record_deployment,
)
from schemas.approval import approval_id_of
from tests.unit.registry.story import (
    ARTIFACT,
    BY_HAND,
    HOUR,
    MODEL,
    NEW,
    REQUEST,
    RUN,
    T0,
    approval,
    desired,
)

NOW_MS = T0 + 5 * HOUR
TERMS: dict[str, Any] = {
    "decision": "approve",
    "actor": "mara@example.org",
    "reason": "better in every segment",
    "expires_ms": NOW_MS + 24 * HOUR,
    "max_weight_bp": 1_000,
}
runner = CliRunner()


def said(data_dir: Path, named: str = NEW, now_ms: int = NOW_MS, **changes: Any) -> Decided:
    return decide(data_dir, named, Terms(**(TERMS | changes)), ManualClock(now_ms), wait_s=0)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "who asked by hand": ({"actor": BY_HAND.actor}, "asked for .* and cannot approve it"),
    "who asked by hand, in other letters": ({"actor": " zoë@EXAMPLE.org "}, "asked for .* and cannot approve it"),
    "the service that asked": ({"actor": "triggers"}, "asked for .* and cannot approve it"),
    "an end that has passed": ({"expires_ms": NOW_MS - 1}, "has expired"),
    "a candidate that is overdue": ({"now_ms": T0 + 200 * HOUR, "expires_ms": T0 + 300 * HOUR}, "was over at"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("waiting")
def test_a_decision_that_cannot_be_taken_is_refused_with_a_next_step(data_dir: Path, name: str) -> None:
    changes, why = REFUSED[name]
    with pytest.raises(CommandError, match=why) as refused:
        said(data_dir, **changes)
    assert refused.value.next_step
    assert refused.value.exit_code == ExitCode.PROBLEM


def test_a_run_without_a_candidate_cannot_be_decided_on(data_dir: Path, waiting: Registry) -> None:
    with waiting.writing() as session:
        open_run(session, Stamp("retraining", T0), REQUEST.model_copy(update={"trigger_id": "second"}))
    with pytest.raises(CommandError, match="has no candidate: it is at started"):
        said(data_dir, "second")


def test_a_candidate_that_was_rejected_cannot_be_approved(data_dir: Path, waiting: Registry) -> None:
    with waiting.writing() as session:
        advance_run(session, Stamp("retraining", T0), RUN, "rejected")
    with pytest.raises(CommandError, match="its run stands at rejected"):
        said(data_dir)


@pytest.mark.usefixtures("waiting")
def test_an_empty_name_is_told_by_its_option(data_dir: Path) -> None:
    with pytest.raises(CommandError, match="actor: String should have at least 1 character"):
        said(data_dir, actor="")


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("actor", [BY_HAND.actor, "mara@example.org"])
def test_what_nothing_is_known_against_needs_a_kafka(data_dir: Path, actor: str) -> None:
    with pytest.raises(CommandError, match="No Kafka") as missing:
        said(data_dir, actor=actor, decision="reject", max_weight_bp=0)
    assert missing.value.exit_code == ExitCode.KAFKA


def test_a_decision_that_holds_already_is_told_and_not_said_again(data_dir: Path, waiting: Registry) -> None:
    held = approval(expires_ms=T0 + 100 * HOUR)
    with waiting.writing() as session:
        record_approval(session, Stamp("retraining", T0 + 4 * HOUR), held)
        advance_run(session, Stamp("retraining", T0 + 4 * HOUR), RUN, "approved")
    known = said(data_dir, actor=" Mara@example.org")
    assert (known.outcome, known.approval) == ("known", held)
    assert str(known) == (
        f"{MODEL} {NEW} was approved for up to 10 % of flights by mara@example.org already, 2013-02-28 00:20 UTC."
    )
    for another in (
        {"max_weight_bp": 10_000},
        {"target": "elsewhere"},
        {"now_ms": T0 + 101 * HOUR, "expires_ms": T0 + 102 * HOUR},
    ):
        with pytest.raises(CommandError, match="No Kafka"):
            said(data_dir, **another)


def test_a_model_that_two_targets_serve_asks_which(data_dir: Path, waiting: Registry) -> None:
    with waiting.writing() as session:
        elsewhere = desired(1, 0, None).model_copy(update={"target": "flights-eu", "command_id": "c9"})
        record_deployment(session, Stamp("rollout", T0), elsewhere, T0)
    with pytest.raises(CommandError, match="is served by flights, flights-eu"):
        said(data_dir)
    with pytest.raises(CommandError, match="No Kafka"):
        said(data_dir, target="flights")


def test_the_same_word_on_one_day_has_one_id() -> None:
    first = approval_id_of(RUN, "mara", "approve", ARTIFACT, "flights", "1000", "2013-03-01")
    assert first == approval_id_of(RUN, "MARA ", "approve", ARTIFACT, "flights", "1000", "2013-03-01")
    assert first != approval_id_of(RUN, "mara", "approve", ARTIFACT, "flights", "1000", "2013-03-02")


@pytest.mark.parametrize(
    "arguments",
    [
        "approve",
        "approve x",
        "approve x --reason r",
        "approve x --reason r --actor a --max-weight 0",
        "approve x --reason r --actor a --max-weight 101",
        "approve x --reason r --actor a --expires soon",
        "reject x --actor a",
    ],
)
def test_usage_errors_leave_stdout_empty(arguments: str) -> None:
    shown = runner.invoke(app, arguments.split())
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr
