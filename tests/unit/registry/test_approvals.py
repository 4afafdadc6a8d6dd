"""`driftline approvals` and `driftline runs` show all that a person decides by, and make nothing."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from driftline import approvals
from driftline.cli import app
from driftline.comparison import request_view
from driftline.errors import CommandError
from runtime.registry import Registry, Stamp, advance_run, open_run, record_gate, record_product
from schemas.comparison import Comparison
from schemas.model_event import GateResult
from tests.unit.registry.story import BY_HAND, COMPARISON, HOUR, MODEL, NEW, OLD, REQUEST, RUN, T0, calls

runner = CliRunner()
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _failed(waiting: Registry) -> None:
    """Another run failed its data gate."""
    failed = GateResult(
        gate="data",
        rule="missing",
        feature="wind_speed",
        passed=False,
        value=0.21,
        bound=0.05,
        detail="gone [since] May",
    )
    late = Stamp("retraining", T0 + HOUR)
    with waiting.writing() as session:
        open_run(session, late, REQUEST.model_copy(update={"trigger_id": "ffff0000", "model": "other"}))
        record_gate(session, late, "ffff0000", "data", [failed])
        advance_run(session, late, "ffff0000", "data_gate")
        advance_run(session, late, "ffff0000", "failed", "the data gate: missing of wind_speed")


def shown(data_dir: Path, named: str, width: int = 100) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(request_view(approvals.request(data_dir, named)))
    return captured.get()


def test_a_request_shows_all_there_is_to_decide_by_in_100_columns(data_dir: Path) -> None:
    text = shown(data_dir, NEW)
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text, "nothing is cut off"
    words = " ".join(text.split())
    for told in (
        f"{MODEL} {NEW} against {OLD}",
        "candidate since 2013-02-27 21:20 UTC",
        "2013-03-06 21:20 UTC; after that it is retired",
        "wind_speed drifted in 3 windows of 7 days (weekly-drift, by triggers",
        "new aircraft types (by-hand, by Zoë@example.org",
        "log_loss 0.45 0.4 +0.05 +0.03 to +0.07 <0.001 4,000",
        "production gave no scores",
        "310 that production had wrong; 120 that production had right",
        "◆ failed model guard recall -0.03 0.02 worse",
        "✓ passed data leakage carrier 0.4 0.99 none",
        "✓ passed data rows 41,210 10,000",
        "origin=JFK f1 0.71 0.69 -0.02 -0.03 to -0.01 0.800 1,200",
        "carrier HA UA impact ratio 0.910 0.840 0.780 to 0.900",
        "wind_speed 40.0 %",
        "τ 0.62",
        "the same: 80.0 %",
        "41,210 rows, 2013-02-24 03:20 to 2013-02-27 20:20 UTC",
        COMPARISON.parts[0].digest,
        "from offsets of predictions/0",
        "predictions/1 5 to 21,215",
        "✓ boosted-3 0.800 1.3 81,920 12.5 log_loss 0.41 depth 6",
        "it did not answer in time",
        "Advice the last 3 each brought more.",
        "at 922 labelled events a day",
        "error_rate 5 % 24 h 46 20.0 % none",
        "error_rate 50 % 48 h 922 20.0 % 7.0 points or more",
    ):
        assert told in words
    assert text.index("◆ failed") < text.index("✓ passed"), "failures come first"
    assert words.endswith(f"driftline approve {NEW}, or driftline reject {NEW}; both need --reason and --actor.")


@pytest.mark.parametrize("named", [NEW, RUN, RUN[:4], BY_HAND.trigger_id])
def test_a_run_is_named_by_its_id_its_candidate_or_a_request_it_answers(data_dir: Path, named: str) -> None:
    assert approvals.request(data_dir, named).run.run_id == RUN


@pytest.mark.parametrize("named", ["352", "unheard of", OLD])
def test_what_names_no_run_is_told(data_dir: Path, named: str) -> None:
    with pytest.raises(CommandError, match=f"No run or candidate is called {named}"):
        approvals.request(data_dir, named)


def test_a_name_of_several_runs_asks_which(data_dir: Path, waiting: Registry) -> None:
    with waiting.writing() as session:
        open_run(session, Stamp("retraining", T0), REQUEST.model_copy(update={"trigger_id": f"{RUN[:4]}0000"}))
    with pytest.raises(CommandError, match="2 runs are called 352c"):
        approvals.request(data_dir, RUN[:4])


def test_a_run_without_a_candidate_shows_what_there_is(data_dir: Path) -> None:
    words = " ".join(shown(data_dir, "ffff0000").split())
    assert "other (no candidate yet) against 2013-02-11" in words
    assert "Nothing was compared yet." in words
    assert "◆ failed data missing wind_speed 21.0 % 5.0 % gone [since] May" in words


def test_as_json_a_request_has_everything(data_dir: Path) -> None:
    shown = runner.invoke(app, ["approvals", NEW, "--json", "--data-dir", str(data_dir)])
    assert shown.exit_code == 0, shown.stderr
    document = json.loads(shown.stdout)
    assert Comparison.model_validate_json(json.dumps(document["comparison"])) == COMPARISON
    assert document["decide_by_ms"] == T0 + 13_000 + 7 * DAY_MS
    assert document["run"]["products"].keys() == {"plan", "comparison"}
    assert document["datasets"][1]["ranges"][1]["end"] == 21_215


def test_the_list_tells_what_waits_and_what_was_decided(data_dir: Path, waiting: Registry) -> None:
    listed = runner.invoke(app, ["approvals", "--data-dir", str(data_dir)])
    words = " ".join(listed.stdout.split())
    assert f"{MODEL} {NEW} {OLD} 2013-02-27 21:20 2013-03-06 21:20 3 of 3 triggers, Zoë@example.org {RUN}" in words
    assert words.endswith(f"All there is to decide by: driftline approvals {NEW}")
    assert "Decided" not in words
    for call in (calls(waiting)[14], calls(waiting)[15], calls(waiting)[21]):
        with waiting.writing() as session:
            call(session, Stamp("retraining", T0 + HOUR))
    words = " ".join(runner.invoke(app, ["approvals", "--data-dir", str(data_dir)]).stdout.split())
    assert "No candidate waits for a decision." in words
    assert "approve up to 10 % of flights by mara@example.org, 2013-02-28 00:20: better in every" in words
    assert "approve by triggers, 2013-02-28 00:20, refused: triggers asked for it" in words
    (document,) = json.loads(runner.invoke(app, ["approvals", "--json", "--data-dir", str(data_dir)]).stdout)
    assert document["decide_by_ms"] is None
    assert document["run"]["approvals"][0]["actor"] == "mara@example.org"


def test_runs_tell_where_they_stand_and_which_rules_were_not_passed(data_dir: Path) -> None:
    words = " ".join(runner.invoke(app, ["runs", "--data-dir", str(data_dir)]).stdout.split())
    assert f"ffff0000 2013-02-27 22:20 other {OLD} – failed 2013-02-27 22:20 data gate: missing" in words
    assert f"{RUN} 2013-02-27 21:20 {MODEL} {OLD} {NEW} candidate" in words
    assert "(1 more asked)" in words
    assert words.endswith("1 waits for a decision: driftline approvals")
    assert "ffff0000 data missing wind_speed 21.0 % 5.0 % gone [since] May" in words
    documents = json.loads(runner.invoke(app, ["runs", MODEL, "--json", "--data-dir", str(data_dir)]).stdout)
    assert [document["run_id"] for document in documents] == [RUN]
    assert documents[0]["joined"][0]["actor"] == BY_HAND.actor
    none = runner.invoke(app, ["runs", "unheard-of", "--data-dir", str(data_dir)])
    assert (none.exit_code, "No run yet" in none.stdout) == (0, True)


def test_a_comparison_of_another_version_is_told(data_dir: Path, waiting: Registry) -> None:
    blob = waiting.artifacts.put(b'{"schema": "driftline.comparison/9"}')
    with waiting.writing() as session:
        record_product(session, Stamp("retraining", T0), "ffff0000", "comparison", blob, "application/json")
    with pytest.raises(CommandError, match="The comparison of run ffff0000 cannot be read"):
        approvals.request(data_dir, "ffff0000")


@pytest.mark.parametrize(
    "arguments", ["approvals", "runs", "approve x --reason r --actor a", "reject x --reason r --actor a"]
)
def test_without_a_registry_the_next_step_is_said_and_nothing_is_made(tmp_path: Path, arguments: str) -> None:
    shown = runner.invoke(app, [*arguments.split(), "--data-dir", "nowhere"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "There is no registry at" in shown.stderr
    assert not (tmp_path / "nowhere").exists()
