"""`driftline apply`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "apply"


def command(
    file: Annotated[
        list[Path],
        typer.Option("--file", "-f", help="A monitor (YAML) or a baseline (JSON); may be given several times."),
    ],
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Applies monitors and baselines. Applying the same again changes nothing.

    A monitor's file may name its baseline: `baseline: path/to/baseline.json`, relative to the file.

    Example: driftline apply -f monitor.yaml
    """
    from driftline import connection, manifests, output, publishing

    loaded = [manifest for path in file for manifest in manifests.load(path)]
    applied = publishing.apply(connection.find(data_dir).settings, loaded)
    if json:
        output.print_json([item._asdict() for item in applied])
        return
    for item in applied:
        typer.echo(f"{item.kind} {item.name}: {item.outcome}")
