"""`driftline alerts`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json, Model
from driftline.errors import ExitCode

NAME = "alerts"


def command(
    model: Model = None,
    *,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only those that fire now; exit code 1 when there are any.")
    ] = False,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Incidents: what fired, and what was resolved.

    With --json one alert a line, as it stands on the topic `alerts`.

    Example: driftline alerts --open
    """
    from driftline import connection, history, output

    found = history.alerts(connection.find(data_dir).settings, model, open_only=open_only)
    if json:
        output.print_ndjson(found)
    else:
        output.console().print(history.alerts_table(found))
    if open_only and found:
        raise typer.Exit(ExitCode.PROBLEM)
