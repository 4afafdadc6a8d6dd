"""`driftline explain`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "explain"


def command(
    alert: Annotated[str, typer.Argument(help="An alert's id, or a beginning of it that no other alert has.")],
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """One alert in full: what changed, since when, how much, how sure, what else, and the next step.

    Alerts of the drift detector come with both sides of the comparison and a small histogram of each.

    Example: driftline explain 0f1c3ab2
    """
    from driftline import connection, explain, output

    explanation = explain.read(connection.find(data_dir).settings, alert)
    if json:
        output.print_json(explanation.as_json())
    else:
        output.console().print(explanation.page())
