"""Lint, locks and files say nothing they should not, and nothing they cannot give a reason for."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.unit.house.tree import PYPROJECT, ROOT, files

TEXTS = [path for path in files() if path.suffix not in {".svg", ".png", ".parquet"}]
REGISTRIES = re.compile(
    r"(?:https?://|//|@)[\w.-]*(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|repo1?\.maven|artifactory|nexus)",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.}])/(?:home|Users|root|work)/\w")
RULE = re.compile(r'"([A-Z]+[0-9]*)"')


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_every_ruff_ignore_carries_its_reason() -> None:
    section = r"^\[tool\.ruff\.lint\]\n(.*?)^\[tool\.ruff\.lint\.flake8"
    ruff = re.search(section, read(ROOT / "pyproject.toml"), re.DOTALL | re.MULTILINE)
    assert ruff is not None
    rules = [line for line in ruff[1].splitlines() if RULE.search(line) and "select" not in line]
    assert len(rules) >= 15
    assert [line for line in rules if not re.search(r"# \S+ \S+", line)] == []


def test_every_noqa_and_type_ignore_names_its_rule_and_its_reason() -> None:
    python = [path for path in files() if path.suffix == ".py" and path != Path(__file__)]
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python
        for number, line in enumerate(read(path).splitlines(), 1)
        if re.search(r"# noqa|# type: ignore", line)
        and not re.search(r"# noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*  +\S|# type: ignore\[[\w, -]+\]  +\S", line)
    ]
    assert bare == []


def test_no_file_names_a_registry() -> None:
    assert [str(path.relative_to(ROOT)) for path in TEXTS if REGISTRIES.search(read(path))] == []


def test_no_file_names_a_path_of_somebody_s_machine() -> None:
    assert [
        str(path.relative_to(ROOT)) for path in TEXTS if path != Path(__file__) and MACHINE.search(read(path))
    ] == []


def test_there_is_no_lock_that_names_a_registry() -> None:
    assert [
        path.name for path in files() if path.name in {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock"}
    ] == []


def locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==(\S+)", read(ROOT / name), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize(
    ("lock", "groups"),
    [("requirements.txt", ("runtime", "demo")), ("requirements-dev.txt", ("runtime", "demo", "dev"))],
)
def test_locks_hold_what_pyproject_asks_for(lock: str, groups: tuple[str, ...]) -> None:
    project = PYPROJECT["project"]
    wanted = {
        "runtime": project["dependencies"],
        **project["optional-dependencies"],
        **PYPROJECT["dependency-groups"],
    }
    pins = locked(lock)
    for group in groups:
        for requirement in map(Requirement, wanted[group]):
            version = pins.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock}: run bin/lock"
            assert requirement.specifier.contains(version), f"{requirement} is {version} in {lock}: run bin/lock"


def test_both_locks_agree() -> None:
    dev = locked("requirements-dev.txt")
    assert {name: version for name, version in locked("requirements.txt").items() if dev.get(name) != version} == {}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", read(ROOT / lock), flags=re.MULTILINE)
    assert [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("script", ["bin/setup", "bin/test", "bin/driftline", "bin/lock", ".ci/run"])
def test_a_script_can_be_run_and_stops_at_the_first_error(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert read(path).startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in read(path)
    subprocess.run(["bash", "-n", str(path)], check=True)
