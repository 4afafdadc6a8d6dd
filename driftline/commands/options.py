"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path,
    typer.Option(
        envvar="DRIFTLINE_DATA_DIR",
        help="Folder of a running `driftline up` or demo; else KAFKA_BOOTSTRAP_SERVERS.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
Model = Annotated[str | None, typer.Option(help="Only this model.")]

DATA_DIR = Path(".driftline")
