"""`driftline up` with a model of one's own: apply, produce, and every command that looks."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest
from confluent_kafka import Producer
from pyarrow import parquet

from driftline.readiness import is_ready
from runtime.clock import SystemClock

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

T0 = 1_700_000_000_000 - 1_700_000_000_000 % 3_600_000
MONITOR = """
model: shop
baseline: baseline.json
windows: [{size: 10m}]
idle: 3s
thresholds:
  - {name: drift, metric: psi_adj, above: 0.2, page: 0.5}
"""


def event(number: int, amount: float) -> tuple[bytes, bytes]:
    body = {
        "schema": "driftline.prediction/1", "prediction_id": f"p{number}", "model": "shop", "version": "7",
        "time_ms": T0 + number * 100, "features": {"amount": amount, "country": "de"}, "prediction": "buy",
    }  # fmt: skip
    return f"p{number}".encode(), json.dumps(body).encode()


def start_fold_again(up: Any, address: str) -> None:
    """It reads what was applied to the end before its first event; while it runs, it follows a moment behind."""

    def folds() -> set[int]:
        found = set()
        for process in up.look():
            with suppress(psutil.NoSuchProcess):
                found |= {process.pid} if process.cmdline()[-1:] == ["fold"] else set()
        return found

    (before,) = folds()
    os.kill(before, signal.SIGKILL)
    up.wait_for(lambda _: bool(folds() - {before}) and is_ready(address))


def until(done: Callable[[int, Any], bool], asked: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
    """Asks until the answer is as wanted, and returns it; fails after two minutes."""
    clock = SystemClock()
    deadline_s = clock.monotonic() + 120
    while not done(*(answer := asked())):
        assert clock.monotonic() < deadline_s, answer
    return answer


def test_a_model_of_ones_own_from_baseline_to_audit(driftline: Any, ask: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    parquet.write_table(
        pa.table({"amount": rng.normal(10, 2, 5_000), "country": rng.choice(["de", "fr"], 5_000)}),
        tmp_path / "t.parquet",
    )
    (tmp_path / "monitor.yaml").write_text(MONITOR)
    driftline(
        "baseline", "build", "t.parquet", "--model", "shop", "--version", "7", "-o", "baseline.json"
    ).process.wait(60)
    up = driftline("up", "--port", "0")
    up.wait_for(lambda text: "Ctrl-C ends everything" in text)

    assert ask("apply", "-f", "monitor.yaml") == (0, [[
        {"kind": "baseline", "name": "shop/7", "outcome": "created"},
        {"kind": "monitor", "name": "shop", "outcome": "created"},
    ]])  # fmt: skip
    assert [item["outcome"] for item in ask("apply", "-f", "monitor.yaml")[1][0]] == ["unchanged", "unchanged"]
    state = json.loads((tmp_path / ".driftline" / "running.json").read_text())
    start_fold_again(up, state["services"]["drift-fold-0"]["metrics"])
    producer = Producer({"bootstrap.servers": state["bootstrap_servers"]})
    for number in range(6_000):  # ten minutes of events, far from what the model was trained on
        key, value = event(number, 20.0 + number % 7)
        producer.produce("predictions", value, key)
    producer.produce("predictions", b"no event", b"x")
    producer.flush()

    code, (audit,) = until(lambda code, found: code or found[0]["verdict"] == "balanced", lambda: ask("audit"))
    assert (code, audit["verdict"]) == (0, "balanced"), audit
    fold = next(account for account in audit["accounts"] if account["service"] == "drift-fold")
    assert (fold["events"] - fold["moved"], fold["counted"], fold["dead"]) == (6_001, 6_000, {"MALFORMED": 1})
    joined = next(account for account in audit["accounts"] if account["service"] == "performance-join")
    assert (joined["counted"], joined["refused"]) == (6_000, 1)
    assert joined["moved"] == fold["moved"] > 0  # this producer places keys by CRC32

    code, windows = ask("windows", "--model", "shop", "--segment", "", "--size", "10m")
    assert code == 0
    assert sum(window["n"] for window in windows) == 6_000
    assert all(window["final"] for window in windows)
    assert windows[0]["features"]["amount"]["psi_adj"] > 0.5
    assert ask("windows", "--model", "shop", "--since", "2030-01-01") == (0, [])

    code, _ = until(
        lambda _, found: {"amount"} <= {alert["feature"] for alert in found}, lambda: ask("alerts", "--open")
    )
    assert code == 1

    (status,) = ask("status")[1]
    assert status["models"][0]["model"] == "shop"
    assert (status["models"][0]["events"], status["models"][0]["state"]) == (6_000, "page")
    assert status["dead_letters"] == 1

    topics = {topic["topic"]: topic for topic in ask("topics")[1][0]}
    assert sum(end - first for first, end in topics["predictions"]["offsets"].values()) >= 6_001 + fold["moved"]
    code, (findings,) = ask("doctor")
    assert code == 0, findings
    assert {"kafka", "topics", "clock"} <= {finding["check"] for finding in findings}

    assert up.end() == 0, up.text
    assert up.left() == []
    assert not (tmp_path / ".driftline" / "running.json").exists()


def test_a_second_up_in_the_same_folder_is_refused(driftline: Any) -> None:
    up = driftline("up")
    up.wait_for(lambda text: "Ctrl-C ends everything" in text)
    second = driftline("up")
    assert second.process.wait(60) == 2
    assert "is in use by process" in second.text
    assert up.end() == 0
