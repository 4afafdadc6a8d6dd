"""`driftline demo flights`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from driftline.errors import EPILOG

NAME = "demo"
Sabotage = Literal["data"]
app = typer.Typer(no_args_is_help=True, help="A model in production, to watch Driftline at work.", epilog=EPILOG)


@app.callback()
def group() -> None:
    """A model in production, to watch Driftline at work."""


@app.command(epilog=EPILOG)
def flights(
    speed: Annotated[
        str,
        typer.Option(help="Times faster than real time, or max. 150000 replays the year in about four minutes."),
    ] = "150000",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Replay only the days before this one.")
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Where Kafka's data, state and logs go; made fresh at each start.")
    ] = Path(".driftline/demo"),
    *,
    keep: Annotated[
        bool, typer.Option(help="Keep Kafka and the services running after the replay, until Ctrl-C.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Approve each candidate that passes its gates.")] = False,
    sabotage: Annotated[
        Sabotage | None, typer.Option(help="Bring in a fault and see it stopped: data, a weather feed in a wrong unit.")
    ] = None,
    screen: Annotated[
        bool, typer.Option(help="The live screen; plain lines without it, or when stdout is no terminal.")
    ] = True,
) -> None:
    """Replays the 336,776 flights that left New York in 2013 through a delay model trained on their first weeks.

    Kafka and all services run on this machine; Ctrl-C ends them all.

    A bad week asks for a new model: it is trained, held against production, and waits for a person.

    Example: driftline demo flights --until 2013-06-01 --yes
    """
    from driftline.demo.run import Options, parse_speed, run

    raise typer.Exit(
        run(Options(parse_speed(speed), until, data_dir, keep=keep, screen=screen, yes=yes, sabotage=sabotage))
    )
