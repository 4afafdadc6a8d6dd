"""`driftline lineage` and `driftline card` read the registry, make nothing, and say the next step."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from driftline.cli import app
from runtime.registry import Card, Lineage, Registry, Stamp, register_candidate
from tests.unit.registry.story import MODEL, NEW, OLD, T0, candidate

runner = CliRunner()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DRIFTLINE_DATA_DIR", "DRIFTLINE_REGISTRY_URL", "DRIFTLINE_REGISTRY_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def registered(lived: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", f"sqlite:///{tmp_path / 'life' / 'registry.db'}")
    return lived


@pytest.mark.parametrize("name", ["lineage", "card"])
def test_help_has_an_example(name: str) -> None:
    shown = runner.invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Example: driftline" in " ".join(shown.stdout.split())


@pytest.mark.parametrize("command", [["lineage", MODEL], ["card", NEW]])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_without_a_registry_the_next_step_is_said_and_nothing_is_made(
    command: list[str], form: list[str], tmp_path: Path
) -> None:
    shown = runner.invoke(app, [*command, *form])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "There is no registry at" in shown.stderr
    assert "Next step: retrain a model under `driftline up`" in shown.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_registry_says_what_to_do_next(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTLINE_REGISTRY_URL", f"sqlite:///{tmp_path / 'registry.db'}")
    assert registry.verify() == []
    shown = runner.invoke(app, ["lineage", MODEL])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "holds no model yet" in shown.stderr
    assert "Next step: let a retraining policy" in shown.stderr
    assert "No version 7 is registered" in runner.invoke(app, ["card", "7"]).stderr


@pytest.mark.usefixtures("registered")
def test_lineage_tells_people_where_a_version_comes_from() -> None:
    shown = runner.invoke(app, ["lineage", MODEL])
    assert shown.exit_code == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    for told in (
        f"{MODEL} {NEW}",
        "10 % of flights since 2013-02-28 01:20",
        "run 352c7b4d (weekly-drift: wind_speed drifted in 3 windows of 7 days); approved since",
        "41,210 rows, 2013-02-24 03:20 to 2013-02-27 21:20, sha256:",
        "predictions/1 5 to 21,215",
        "f1 0.741 (0.720 – 0.760) on holdout, 8,000 rows",
        f"by segment origin=JFK: see `driftline card {NEW}`",
        "data gate passed (rows, leakage of carrier)",
        "approve up to 10 % of flights by mara@example.org",
        f"{MODEL} {OLD}",
        "no run of Driftline",
        "training not known",
    ):
        assert told in words


@pytest.mark.usefixtures("registered")
def test_lineage_as_json_is_one_list() -> None:
    shown = runner.invoke(app, ["lineage", MODEL, "--json"])
    found = [Lineage.model_validate_json(json.dumps(entry)) for entry in json.loads(shown.stdout)]
    assert [lineage.version for lineage in found] == [NEW, OLD]
    assert found[0].serving[0].weight_bp == 1_000


def test_lineage_tells_whether_versions_look_at_the_same_features(registered: Registry) -> None:
    shares = {"carrier": 0.5, "wind_speed": 0.2, "hour": 0.3}
    later = candidate(registered, version="later", run_id=None, importance=shares)
    with registered.writing() as session:
        register_candidate(session, Stamp("x", T0 + 90_000), later)
    words = " ".join(runner.invoke(app, ["lineage", MODEL]).stdout.split())
    assert "importance carrier 50.0%, hour 30.0%, wind_speed 20.0%" in words
    told = f"τ -1.00 against {NEW}, 2 of 2 of the most important the same; carrier from place 2 to 1; wind_speed from"
    assert told.replace("2 of 2", "1 of 2") in words
    documents = {one["version"]: one for one in json.loads(runner.invoke(app, ["lineage", MODEL, "--json"]).stdout)}
    assert documents["later"]["stability"] == {
        "against": NEW,
        "kendall_tau": -1.0,
        "top": 2,
        "top_overlap": 0.5,
        "moved": [{"feature": "carrier", "was": 2.0, "now": 1.0}, {"feature": "wind_speed", "was": 1.0, "now": 2.0}],
        "added": ["hour"],
        "removed": [],
    }
    assert documents[NEW]["stability"] is documents[OLD]["stability"] is None
    assert documents[NEW]["importance"] == {"wind_speed": 0.75, "carrier": 0.25}


@pytest.mark.usefixtures("registered")
def test_a_card_is_markdown_or_json() -> None:
    shown = runner.invoke(app, ["card", NEW])
    assert shown.stdout.startswith(f"# Model card: {MODEL} {NEW}\n")
    made = Card.model_validate_json(runner.invoke(app, ["card", NEW, "--model", MODEL, "--json"]).stdout)
    assert (made.model, made.version) == (MODEL, NEW)


def test_a_version_of_several_models_asks_which(registered: Registry) -> None:
    with registered.writing() as session:
        register_candidate(session, Stamp("x", T0), candidate(registered, model="other", version=OLD, run_id=None))
    shown = runner.invoke(app, ["card", OLD])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "Next step: name one with --model" in shown.stderr
    assert runner.invoke(app, ["card", OLD, "--model", "other"]).exit_code == 0


def test_the_registry_of_a_run_is_found_in_its_folder_and_in_the_demo_s(lived: Registry, tmp_path: Path) -> None:
    for folder in (tmp_path / "run", tmp_path / "shown" / "demo"):
        (folder / "registry").mkdir(parents=True)
        lived.engine.dispose()
        (folder / "registry" / "registry.db").write_bytes((tmp_path / "life" / "registry.db").read_bytes())
    for folder in ("run", "shown"):
        assert runner.invoke(app, ["lineage", MODEL, "--data-dir", folder]).exit_code == 0
