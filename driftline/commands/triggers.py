"""`driftline triggers`, and its commands dry-run, snooze and fire."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from pathlib import Path
from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, Actor, DataDir, Json, Model, Reason
from driftline.errors import EPILOG

NAME = "triggers"
app = typer.Typer(invoke_without_command=True, epilog=EPILOG)
TheModel = Annotated[str, typer.Option("--model", help="The model.")]


@app.callback()
def group(ctx: typer.Context, model: Model = None, *, json: Json = False, data_dir: DataDir = DATA_DIR) -> None:
    """Requests for retraining so far, newest first.

    With --json one request a line, as it stands on the topic `retraining.requests`.

    Example: driftline triggers --model flights-delay
    """
    if ctx.invoked_subcommand is not None:
        return
    from driftline import connection, output, triggers

    settings = connection.find(data_dir).settings
    found = triggers.requests(settings, model)
    if json:
        output.print_ndjson(found)
        return
    out = output.console()
    if not found:
        out.print("No request yet: a retraining policy of a monitor makes one, or `driftline triggers fire`.")
    else:
        out.print(triggers.requests_table(found))
    for snooze in triggers.snoozes(settings, model):
        out.print(triggers.snooze_line(snooze), markup=False)


@app.command("dry-run", epilog=EPILOG)
def dry_run(
    model: TheModel,
    manifest: Annotated[
        Path | None, typer.Option("-f", "--file", help="The monitor to try; without it the one that is applied.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only requests from then on: 2013-07-01, 2013-07-01T06:00, or 7d before now.")
    ] = None,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """When a monitor's policies would have asked, over the windows kept on the topic; snoozes are left out.

    Example: driftline triggers dry-run --model flights-delay -f monitor.yaml --since 2013-07-01
    """
    from driftline import connection, history, output, triggers
    from runtime.clock import SystemClock

    since_ms = history.since_ms(since, SystemClock().wall_ms()) if since else 0
    found = triggers.dry_run(connection.find(data_dir).settings, model, manifest, since_ms)
    if json:
        output.print_ndjson(found)
        return
    out = output.console()
    if not found:
        out.print("No policy would have asked.")
    for request in found:
        out.print(
            f"{request.policy} ({request.kind}) would have fired on {output.utc(request.requested_ms)} UTC "
            f"for {request.model} {request.version}: {request.reason}",
            markup=False,
            soft_wrap=True,
        )


@app.command(epilog=EPILOG)
def snooze(
    model: TheModel,
    until: Annotated[
        str,
        typer.Option(help="Event time: 2013-08-01, 2013-08-01T06:00, or 7d from now; a past one lifts it."),
    ],
    reason: Reason,
    actor: Actor,
    *,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Keeps policies from asking for a model until a time; `fire` still does.

    Example: driftline triggers snooze --model flights-delay --until 7d --reason "new aircraft" --actor mara
    """
    from driftline import by_hand, connection, output
    from driftline.triggers import snooze_line
    from runtime.clock import SystemClock

    settings, now_ms = connection.find(data_dir).settings, SystemClock().wall_ms()
    until_ms = by_hand.until_ms(until, now_ms)
    made = by_hand.snooze(settings, model, until_ms, reason=reason, actor=actor, now_ms=now_ms)
    output.console().print(snooze_line(made), markup=False)


@app.command(epilog=EPILOG)
def fire(
    model: TheModel,
    reason: Reason,
    actor: Actor,
    version: Annotated[str | None, typer.Option(help="The version to replace; without it the newest.")] = None,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Asks for a new candidate now, whatever policies, cooldowns and snoozes say; the same word twice a day is one.

    Example: driftline triggers fire --model flights-delay --reason "new aircraft types" --actor mara
    """
    from driftline import by_hand, connection, output
    from runtime.clock import SystemClock

    settings, now_ms = connection.find(data_dir).settings, SystemClock().wall_ms()
    request, known = by_hand.fire(settings, model, version, reason=reason, actor=actor, now_ms=now_ms)
    if json:
        output.print_ndjson([request])
    else:
        done = "was asked for already" if known else "is asked for"
        output.console().print(
            f"A new candidate of {request.model} in place of {request.version} {done}: request "
            f"{request.trigger_id[:8]}. How far it is: driftline runs",
            markup=False,
            soft_wrap=True,
        )
