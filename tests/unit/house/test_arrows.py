"""The import contracts hold, and each of them can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.house.tree import PACKAGES, PYPROJECT, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

PLANTED = {
    "services over runtime over schemas": {"schemas/planted.py": "import runtime.clock"},
    "statistics know no message, no transport, no service": {"stats/planted.py": "import schemas.base"},
    "the runtime knows no statistic": {"runtime/planted.py": "import stats.outcome"},
    "services meet on topics only": {"services/triggers/planted.py": "import services.drift.reference"},
    "the command line starts services and imports none": {"driftline/planted.py": "import services.triggers"},
    "no cycles between siblings": {
        "stats/planted.py": "import stats.seed",
        "stats/seed.py": "import stats.planted",
    },
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def verdict(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


def test_every_contract_is_kept() -> None:
    kept = verdict(ROOT)
    assert kept.returncode == 0, kept.stdout


def test_every_contract_has_a_violation_planted_below() -> None:
    assert {contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]} == set(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(copy: Path, contract: str) -> None:
    planted = {copy / path: text for path, text in PLANTED[contract].items()}
    for path, text in planted.items():
        path.write_text(f"{text}\n")
    try:
        broken = verdict(copy)
    finally:
        for path in planted:
            path.unlink()
    assert broken.returncode == 1
    assert f"{contract} BROKEN" in broken.stdout


def test_services_in_the_contract_are_all_services() -> None:
    (independence,) = [c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "independence"]
    folders = {f"services.{path.parent.name}" for path in (ROOT / "services").glob("*/__init__.py")}
    assert set(independence["modules"]) == folders
