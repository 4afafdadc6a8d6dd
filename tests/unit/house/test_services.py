"""Every service has the same anatomy, and is deployed."""

import re
from pathlib import Path

import pytest

from schemas.topics import TOPICS
from tests.unit.house.tree import ROOT

SERVICES = ROOT / "services"
FOLDERS = sorted(path.parent for path in SERVICES.rglob("handler.py"))
"""One a process: services/drift holds two of them, which share a start and a README."""


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def in_catalogue(folder: Path) -> str:
    """The service's name among producers and consumers: services/drift/fold is drift-fold."""
    return "-".join(folder.relative_to(SERVICES).parts)


def part(folder: Path, file: str) -> Path:
    """A file of a service, in its own folder or one above."""
    candidates = [above / file for above in (folder, *folder.parents) if SERVICES in above.parents]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    assert found is not None, f"{name(folder)} has no {file}"
    return found


def test_there_are_services() -> None:
    assert len(FOLDERS) >= 3


@pytest.mark.parametrize("file", ["handler.py", "settings.py", "wiring.py", "__main__.py", "README.md"])
@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_service_has_its_anatomy(folder: Path, file: str) -> None:
    assert part(folder, file).read_text().strip()


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_service_starts_by_a_main_of_few_lines(folder: Path) -> None:
    assert len([line for line in part(folder, "__main__.py").read_text().splitlines() if line.strip()]) <= 30


@pytest.mark.parametrize("section", ["run it alone", "metrics"])
@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_readme_says_how_to_run_the_service_and_what_it_measures(folder: Path, section: str) -> None:
    headings = re.findall(r"^#+ (.+)$", part(folder, "README.md").read_text(), re.MULTILINE)
    assert any(section in heading.lower() for heading in headings), headings


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_a_readme_names_every_topic_on_which_the_service_meets_another(folder: Path) -> None:
    """The catalogue may be ahead: a topic with nobody at its other end is not asked for."""
    service = in_catalogue(folder)
    there = {in_catalogue(other) for other in FOLDERS} | {"driftline", "producers"}
    met = {
        topic.name
        for topic in TOPICS.values()
        for own, others in ((topic.producers, topic.consumers), (topic.consumers, topic.producers))
        if service in own and there & set(others)
    }
    text = part(folder, "README.md").read_text()
    assert met, f"the catalogue does not know {service}"
    assert [topic for topic in sorted(met) if f"`{topic}`" not in text] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_handlers_are_pure(folder: Path) -> None:
    """No clock, no client, no settings in a handler's imports."""
    imports = re.findall(r"^(?:from|import) ([\w.]+)", (folder / "handler.py").read_text(), re.MULTILINE)
    impure = re.compile(r"(time|os|random|confluent_kafka|faust|runtime\.(clock|settings|admin))\b")
    assert [module for module in imports if impure.match(module)] == []
