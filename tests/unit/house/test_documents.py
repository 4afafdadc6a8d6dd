"""Documents tell the truth: links lead somewhere, examples are valid, decisions are complete."""

import json
import re
from pathlib import Path

import pytest
import typer
import yaml

from driftline.cli import app
from schemas.monitor import Monitor
from schemas.prediction import Prediction
from tests.unit.house.tree import ROOT, files

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
RECORDS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(path: Path) -> None:
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    targets = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]
    assert [target for target in targets if target and not (path.parent / target).exists()] == []


def test_the_readme_s_prediction_is_valid() -> None:
    (example,) = blocks("json")
    assert Prediction.model_validate_json(example).model == "churn"
    assert set(json.loads(example)) <= {field.alias or name for name, field in Prediction.model_fields.items()}


def test_the_readme_s_monitor_is_valid() -> None:
    first, retraining = map(yaml.safe_load, blocks("yaml"))
    manifest = first | retraining
    assert manifest.pop("baseline") == "churn.json"
    assert [window.slide_ms for window in Monitor.model_validate_json(json.dumps(manifest)).windows] == [3_600_000] * 2


def test_the_readme_opens_with_the_two_commands() -> None:
    assert [text.strip() for text in blocks("bash")[:2]] == ["bin/driftline demo flights", "bin/test"]


@pytest.mark.parametrize("line", re.findall(r"^ *bin/driftline (.+?)(?: +#.*)?$", README, re.MULTILINE))
def test_the_readme_s_commands_and_options_exist(line: str) -> None:
    words = line.split()
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert [word for word in words if word.startswith("-") and word not in known] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_its_sections(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.stem[:4]} ")
    assert re.search(r"^Status: (accepted|replaced by \d{4})$", text, re.MULTILINE)
    assert re.findall(r"^## (\w+)", text, re.MULTILINE)[:3] == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_repeats() -> None:
    numbers = [path.stem[:4] for path in RECORDS]
    assert len(set(numbers)) == len(numbers) >= 5


def test_the_documents_never_promise_what_is_still_to_be_done() -> None:
    text = re.compile(r"\b(TODO|FIXME|XXX|TBD)\b")
    assert [
        str(path.relative_to(ROOT))
        for path in files()
        if path.suffix in {".md", ".py"} and path != Path(__file__) and text.search(path.read_text())
    ] == []
