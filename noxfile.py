"""Sessions lint, test and bench, inside .venv: `bin/test`, or `.venv/bin/nox --no-venv -s lint`."""

import logging
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.sessions = ["lint", "test"]
nox.options.default_venv_backend = "none"

ROOT = Path(__file__).parent
PYTHON = sys.executable
LINT_IMPORTS = str(Path(PYTHON).with_name("lint-imports"))
PACKAGES = ("driftline", "schemas", "stats", "runtime", "services")

CHECKS = {
    "style": (PYTHON, "-m", "ruff", "check", "--output-format=concise", "."),
    "format": (PYTHON, "-m", "ruff", "format", "--check", "."),
    "types": (PYTHON, "-m", "mypy", *(part for package in PACKAGES for part in ("-p", package))),
    "arrows": (LINT_IMPORTS,),
    "generated files": (PYTHON, "-m", "schemas.generate", "--check"),
}

SUITES = ("unit", "properties", "contract", "integration", "e2e", "chaos")
"""Cheapest first; chaos is quick unless DRIFTLINE_CHAOS_FAULTS asks for more."""

_failed: list[str] = []
"""Checks that failed in this run; while there are some, nox's own closing lines stay."""


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, types, import arrows, generated files: all are run, all that failed are named."""
    for name, command in CHECKS.items():
        try:
            session.run(*command, external=True, silent=True)  # silent: its output only when it fails
        except CommandFailed:
            _failed.append(name)
    if _failed:
        session.error(f"failed: {', '.join(_failed)}")


@nox.session
def test(session: nox.Session) -> None:
    """All tests, or those that the arguments name."""
    named = any((ROOT / argument.split("::")[0]).exists() for argument in session.posargs)
    suites = [] if named else [f"tests/{suite}" for suite in SUITES if (ROOT / "tests" / suite).is_dir()]
    if not _failed:  # pytest's summary shall be the last line
        logging.getLogger("nox").setLevel(logging.CRITICAL)
    session.run(PYTHON, "-m", "pytest", *suites, *session.posargs, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark in its quick mode; results go to benchmarks/results/."""
    for script in sorted(ROOT.glob("benchmarks/*.py")):
        session.run(PYTHON, str(script), "--quick", *session.posargs, external=True)
