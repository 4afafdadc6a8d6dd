"""`driftline lineage`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "lineage"


def command(
    model: Annotated[str, typer.Argument(help="The model.")],
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Where a model's versions come from: data, offsets, runs, figures, importances, approvals, traffic.

    Reads the registry of DRIFTLINE_REGISTRY_URL, else of the data directory. With --json one document, a list.

    Example: driftline lineage flights-delay
    """
    from driftline import importance, output, provenance

    lineages = provenance.read_lineage(data_dir, model)
    if json:
        output.print_json(importance.with_steadiness(lineages))
    else:
        output.console().print(output.sections(provenance.lineage_tables(lineages)))
