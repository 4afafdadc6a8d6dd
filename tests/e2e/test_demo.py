"""`driftline demo flights` on a real Kafka with the real services."""

import re
import signal
from typing import Any

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def test_the_demo_ends_by_itself_with_a_balanced_audit_and_leaves_no_process(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--until", "2013-02-20", "--speed", "max", "--no-screen")
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
    assert demo.seen
    assert demo.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_demo_in_order(driftline: Any, number: signal.Signals) -> None:
    demo = driftline("demo", "flights", "--speed", "20000", "--no-screen")
    demo.wait_for(lambda text: "Services:" in text and "sent" in text)
    assert demo.end(number) == 130, demo.text
    assert "The run, interrupted" in demo.text
    assert len(demo.seen) >= 6  # Kafka and five services
    assert demo.left() == []


def test_ctrl_c_while_kafka_starts_leaves_nothing_either(driftline: Any) -> None:
    demo = driftline("demo", "flights", "--no-screen")
    demo.wait_for(lambda _: bool(demo.look()))
    assert demo.end() == 130, demo.text
    assert demo.left() == []


def test_kill_9_of_the_command_takes_its_services_along(driftline: Any) -> None:
    up = driftline("up")
    up.wait_for(lambda text: "Ctrl-C ends everything" in text)
    up.end(signal.SIGKILL)
    assert len(up.seen) >= 6
    assert up.left() == []
