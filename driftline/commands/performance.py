"""`driftline performance`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from enum import StrEnum
from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "performance"


class Time(StrEnum):
    """By which time windows are made."""

    PREDICTION = "prediction-time"
    LABEL = "label-time"


def command(  # noqa: PLR0917  typer reads options from the signature
    model: Annotated[str, typer.Option(help="The model.")],
    version: Annotated[str | None, typer.Option(help="Only this version.")] = None,
    segment: Annotated[
        str, typer.Option(help="Only this segment, as dimension=value; without it all events together.")
    ] = "",
    size: Annotated[str | None, typer.Option(help="Only windows of this size, such as 1d.")] = None,
    by: Annotated[
        Time, typer.Option(help="Cohorts that mature as their labels come, or what was learned when.")
    ] = Time.PREDICTION,
    since: Annotated[
        str | None,
        typer.Option(help="Only windows that end after this: 2013-07-01, 2013-07-01T06:00, or 7d before now."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many windows.")] = 20,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """How good the answers were, once their labels came; the newest window in detail.

    With --json one window a line, as it stands on the topic `windows`.

    Example: driftline performance --model flights-delay --size 1d
    """
    from driftline import connection, history, output, performance
    from driftline.performance_detail import detail
    from runtime.clock import SystemClock

    settings = connection.find(data_dir).settings
    choice = history.Choice(
        model=model,
        version=version,
        segment=segment,
        size_ms=history.size_ms(size) if size else None,
        since_ms=history.since_ms(since, SystemClock().wall_ms()) if since else None,
    )
    found = performance.read(settings, choice, performance.BY[by], limit)
    if json:
        output.print_ndjson(found.windows)
        return
    out = output.console()
    if found.windows:
        out.print(performance.performance_table(found.windows, found.monitor), "", detail(found), sep="\n")
    if (step := performance.next_step(model, found)) is not None:
        out.print(step, markup=False)
