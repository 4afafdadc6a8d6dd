"""The project's own files, as the house rules see them."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("driftline", "schemas", "stats", "runtime", "services")
LEFT_BEHIND = {".venv", ".git", "__pycache__", ".driftline", ".hypothesis", "driftline.egg-info", "results"} | {
    f".{tool}_cache" for tool in ("mypy", "pytest", "ruff", "import_linter")
}
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def files() -> list[Path]:
    """What belongs to the project: tracked files, and new ones that are not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive: everything but what tools leave behind
        found = [path for path in ROOT.rglob("*") if not LEFT_BEHIND & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file()]


def modules() -> list[Path]:
    """Python files of the packages."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]
