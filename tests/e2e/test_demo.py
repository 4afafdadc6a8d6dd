"""`driftline demo flights` on a real Kafka with the real services."""

import re
import signal
from typing import Any

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def test_the_demo_ends_by_itself_with_a_balanced_audit_and_leaves_no_process(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--until", "2013-02-20", "--speed", "max", "--no-screen", "--yes")
    demo.wait_for(lambda text: "Every event is accounted for exactly once" in text, timeout_s=300)
    assert demo.process.wait(60) == 0, demo.text
    replayed = re.search(r"([\d,]+) of 336,776 are replayed", demo.text)
    assert replayed is not None
    assert f"{replayed[1]} events in windows laid end to end, 0 too late" in demo.text
    labels = re.search(r"labels sent +([\d,]+)", demo.text)
    assert labels is not None
    assert f"{labels[1]} pairs by prediction time, as many by label time, each label that was joined" in demo.text
    assert f"{labels[1]} pairs in windows laid end to end, 0 too late" in demo.text
    assert re.search(r"accuracy +0\.\d{3} +0\.\d{3}", demo.text)  # of January and February
    retrained = re.search(r"2013-02-1\d +accuracy +2013-02-1\d\.[0-9a-f]{6} +(\S+) +(.*)", demo.text)
    assert retrained is not None, demo.text
    assert retrained.groups() == ("approved", "demo: it passed every gate")
    assert demo.seen
    assert demo.left() == []


def test_broken_data_are_stopped_by_the_data_gate_and_the_demo_says_why(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--until", "2013-02-20", "--speed", "max", "--no-screen", "--sabotage", "data")
    demo.wait_for(lambda text: "Every event is accounted for exactly once" in text, timeout_s=300)
    assert demo.process.wait(60) == 0, demo.text
    assert re.search(r"accuracy +2013-02-1\d\.[0-9a-f]{6} +refused +data gate: feature 'temp', rule range", demo.text)
    assert demo.left() == []


def test_ctrl_c_ends_the_demo_in_order(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--speed", "20000", "--no-screen")
    demo.wait_for(lambda text: "Services:" in text and "sent" in text)
    assert demo.end(signal.SIGINT) == 130, demo.text
    assert "The run, interrupted" in demo.text
    assert len(demo.seen) >= 7  # Kafka and six services
    assert demo.left() == []


def test_sigterm_while_kafka_starts_leaves_nothing_either(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--no-screen")
    demo.wait_for(lambda _: bool(demo.look()))
    assert demo.end(signal.SIGTERM) == 130, demo.text
    assert demo.left() == []


def test_kill_9_of_the_command_takes_its_services_along(driftline: Any) -> None:
    up = driftline("up")
    up.wait_for(lambda text: "Ctrl-C ends everything" in text)
    up.end(signal.SIGKILL)
    assert len(up.seen) >= 7
    assert up.left() == []
