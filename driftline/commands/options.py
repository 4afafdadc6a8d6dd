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
Reason = Annotated[str, typer.Option(help="Why, for those who read it later.")]
Actor = Annotated[str, typer.Option(help="Who says so, such as mara@example.org.")]
Candidate = Annotated[str, typer.Argument(metavar="RUN|VERSION", help="The run, or its candidate.")]
Model = Annotated[str | None, typer.Option(help="Only this model.")]

DATA_DIR = Path(".driftline")
