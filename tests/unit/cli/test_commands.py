"""The command line from outside: help, usage errors, purity of JSON, exit codes."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from driftline.cli import app
from schemas.topics import TOPICS

COMMANDS = (
    "up", "apply", "status", "windows", "performance", "alerts", "explain", "audit", "score", "topics", "doctor",
    "demo flights", "baseline build", "baseline",
    "runs", "approvals", "approve", "reject", "lineage", "card",
    "triggers", "triggers dry-run", "triggers snooze", "triggers fire",
)  # fmt: skip
NEED_KAFKA = ("status", "windows --model m", "performance --model m", "alerts", "explain 1a2b", "audit", "triggers")

runner = CliRunner()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and no Kafka."""
    monkeypatch.chdir(tmp_path)
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DRIFTLINE_DATA_DIR", "DRIFTLINE_TOPIC_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def train(nowhere: Path) -> Path:
    rng = np.random.default_rng(1)
    path = nowhere / "train.parquet"
    parquet.write_table(
        pa.table({"x": rng.normal(size=2_000), "kind": rng.choice(["a", "b"], 2_000), "answer": ["yes", "no"] * 1_000}),
        path,
    )
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_the_exit_codes(command: str) -> None:
    shown = runner.invoke(app, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert "Example: driftline" in " ".join(shown.stdout.split())
    assert "Exit codes: 0 in order" in " ".join(shown.stdout.split())


def test_help_names_every_command() -> None:
    shown = runner.invoke(app, ["--help"]).stdout
    assert all(command.split()[0] in shown for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "windows",
        "performance",
        "performance --model m --by tomorrow",
        "performance --model m --limit 0",
        "apply",
        "score",
        "baseline build",
        "up --workers 0",
        "demo flights --until soon",
        "status --no",
        "triggers dry-run",
        "triggers fire --model m",
        "triggers snooze --model m --reason r --actor a",
    ],
)
def test_usage_errors_exit_with_2_and_leave_stdout_empty(arguments: str) -> None:
    shown = runner.invoke(app, arguments.split())
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr


@pytest.mark.parametrize("arguments", NEED_KAFKA)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_without_a_kafka_commands_say_so_on_stderr_and_exit_with_3(arguments: str, form: list[str]) -> None:
    shown = runner.invoke(app, [*arguments.split(), *form])
    assert shown.exit_code == 3
    assert shown.stdout == ""
    assert "No Kafka: nothing runs in .driftline" in shown.stderr
    assert "Next step: start one with `driftline up`" in shown.stderr


def test_settings_that_cannot_be_used_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "MAGIC")
    shown = runner.invoke(app, ["status", "--json"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "security_protocol" in shown.stderr.lower()


def test_a_damaged_state_file_is_named(nowhere: Path) -> None:
    (nowhere / ".driftline").mkdir()
    (nowhere / ".driftline" / "running.json").write_text("{")
    shown = runner.invoke(app, ["status"])
    assert shown.exit_code == 2
    assert "running.json is damaged" in shown.stderr


def test_topics_need_no_kafka() -> None:
    shown = runner.invoke(app, ["topics", "--json"])
    assert shown.exit_code == 0
    listed = json.loads(shown.stdout)
    assert [topic["topic"] for topic in listed] == list(TOPICS)
    assert all(topic["offsets"] is None for topic in listed)
    assert "predictions" in runner.invoke(app, ["topics"]).stdout


def test_doctor_finds_python_java_and_disk_and_that_no_kafka_runs() -> None:
    shown = runner.invoke(app, ["doctor", "--json"])
    found = {finding["check"]: finding for finding in json.loads(shown.stdout)}
    assert found.keys() == {"python", "java", "disk", "registry", "kafka"}
    assert found["kafka"]["outcome"] == "warn"
    assert "driftline up" in found["kafka"]["next_step"]
    assert shown.exit_code == 0


def test_a_baseline_is_built_and_scored(train: Path) -> None:
    built = runner.invoke(
        app,
        f"baseline build {train} --model m --version 1 --prediction answer -o baseline.json".split(),
    )
    assert built.exit_code == 0, built.stderr
    assert "3 columns of 2,000 rows" in built.stdout
    scored = runner.invoke(app, f"score {train} --baseline baseline.json --json".split())
    document = json.loads(scored.stdout)
    assert scored.exit_code == 0
    assert document.keys() == {"features", "prediction"}
    assert document["features"].keys() == {"x", "kind"}
    assert document["prediction"]["n"] == 2_000
    assert "Wasserstein" in runner.invoke(app, f"score {train} --baseline baseline.json".split()).stdout


def test_errors_of_json_commands_leave_stdout_empty(train: Path) -> None:
    shown = runner.invoke(app, f"score {train} --baseline nowhere.json --json".split())
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "nowhere.json cannot be read" in shown.stderr


def test_apply_tells_a_mistake_before_it_looks_for_kafka(nowhere: Path) -> None:
    (nowhere / "monitor.yaml").write_text("model: m\npane: soon\n")
    shown = runner.invoke(app, ["apply", "-f", "monitor.yaml"])
    assert shown.exit_code == 2
    assert "monitor.yaml:2: pane" in shown.stderr


@pytest.mark.parametrize("speed", ["0", "-3", "fast", "inf", "nan"])
def test_a_speed_must_be_a_number_above_0_or_max(speed: str) -> None:
    shown = runner.invoke(app, ["demo", "flights", f"--speed={speed}"])
    assert shown.exit_code == 2
    assert "is no speed" in shown.stderr


def test_a_baseline_that_cannot_be_written_is_said(train: Path) -> None:
    shown = runner.invoke(app, f"baseline build {train} --model m --version 1 -o no/such/folder.json".split())
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "no/such/folder.json cannot be written" in shown.stderr


def test_a_kafka_that_does_not_answer_is_told_on_stderr_with_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.admin._TIMEOUT_S", 0.5)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    shown = runner.invoke(app, ["topics", "--json"])
    assert (shown.exit_code, shown.stdout) == (3, "")
    assert "Next step: " in shown.stderr
