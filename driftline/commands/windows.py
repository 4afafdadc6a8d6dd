"""`driftline windows`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "windows"


def command(
    model: Annotated[str, typer.Option(help="The model.")],
    version: Annotated[str | None, typer.Option(help="Only this version.")] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only this segment, as dimension=value; empty for all events together.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="Only windows of this size, such as 1d.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only windows that end after this: 2013-07-01, 2013-07-01T06:00, or 7d before now."),
    ] = None,
    *,
    all_revisions: Annotated[bool, typer.Option(help="Every revision, not only the greatest.")] = False,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Statistics by window: drift, quality, volume.

    With --json one window a line, as it stands on the topic `windows`.

    Example: driftline windows --model flights-delay --size 1d --segment "" --json
    """
    from driftline import connection, history, output
    from runtime.clock import SystemClock

    settings = connection.find(data_dir).settings
    choice = history.Choice(
        model=model,
        version=version,
        segment=segment,
        size_ms=history.size_ms(size) if size else None,
        since_ms=history.since_ms(since, SystemClock().wall_ms()) if since else None,
    )
    found = history.windows(settings, choice, all_revisions=all_revisions)
    if json:
        output.print_ndjson(found)
    else:
        output.console().print(history.windows_table(found))
