"""`driftline score`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from driftline.commands.options import Json

NAME = "score"


def command(
    data: Annotated[Path, typer.Argument(help="Rows to score: Parquet, CSV, Arrow or Feather.")],
    baseline: Annotated[Path, typer.Option(help="A baseline of `driftline baseline build`.")],
    *,
    json: Json = False,
) -> None:
    """Drift of a data file against a baseline.

    Needs no Kafka; the statistics are those of the services.

    Example: driftline score week.parquet --baseline baseline.json
    """
    from driftline import datasets, manifests, output, scoring

    report = scoring.report(datasets.read(data), manifests.load_baseline(baseline))
    if json:
        output.print_json(report.as_json())
    else:
        output.console().print(report.table())
