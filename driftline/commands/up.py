"""`driftline up`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR

NAME = "up"


def command(
    data_dir: Annotated[
        Path, typer.Option(envvar="DRIFTLINE_DATA_DIR", help="Where Kafka's data, state and logs are kept.")
    ] = DATA_DIR,
    port: Annotated[int, typer.Option(help="Port of the Kafka it starts; 0 takes a free one.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes of each service that reads predictions.")] = 1,
    *,
    fresh: Annotated[bool, typer.Option(help="Delete what an earlier run left in --data-dir.")] = False,
) -> None:
    """Starts Kafka and every service, until Ctrl-C.

    With KAFKA_BOOTSTRAP_SERVERS set no Kafka is started: the services use that one.

    Example: driftline up --data-dir .driftline
    """
    from driftline.running import up

    raise typer.Exit(up(data_dir, port=port, workers=workers, fresh=fresh))
