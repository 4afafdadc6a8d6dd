"""`driftline audit`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json
from driftline.errors import ExitCode

NAME = "audit"


def command(*, json: Json = False, data_dir: DataDir = DATA_DIR) -> None:
    """Proves that every event was accounted for once, and that the registry is as it was written.

    Each is counted, dead-lettered, a duplicate or late. Checked are the ledger, the dead letters, profiles and windows;
    of the registry, where there is one, the chain of its entries and the rows they tell of.

    Exit code 1 when an equation or the chain does not hold. Events still on their way are "pending", which is no fault.

    Example: driftline audit --json
    """
    from driftline import accounts, connection, output, registry
    from driftline.report import audit_table
    from runtime.clock import SystemClock

    settings = connection.find(data_dir).settings
    result = accounts.confirmed(lambda: accounts.read(settings), SystemClock()).beside(registry.audit(data_dir))
    if json:
        output.print_json(result.as_json())
    else:
        output.console().print(audit_table(result))
    if result.verdict == "broken":
        raise typer.Exit(ExitCode.PROBLEM)
