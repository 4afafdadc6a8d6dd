"""`driftline runs`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "runs"


def command(
    model: Annotated[str | None, typer.Argument(help="Only this model.")] = None,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Retraining runs: how far each is, why there is one, and which rules of its gates were not passed.

    With --json one document, a list: with every step, product, gate, decision and request that joined.

    Example: driftline runs flights-delay
    """
    from driftline import output, runs

    found = runs.read(data_dir, model)
    if json:
        output.print_json([run.model_dump(mode="json", by_alias=True) for run in found])
    else:
        output.console().print(output.sections(runs.tables(found)))
