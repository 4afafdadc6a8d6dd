"""`driftline approve`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, Actor, Candidate, DataDir, Json, Reason

NAME = "approve"


def command(
    named: Candidate,
    reason: Reason,
    actor: Actor,
    *,
    max_weight: Annotated[
        float, typer.Option(min=0.01, max=100, help="Per cent of traffic that the approval covers, at most.")
    ] = 100.0,
    target: Annotated[
        str | None, typer.Option(help="Where it holds; without it what serves the model, else the model's name.")
    ] = None,
    expires: Annotated[
        str, typer.Option(help="A rollout that has not begun by then needs another: 7d from now, or a date.")
    ] = "7d",
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Approves a candidate, its bytes and no others; whoever asked for it cannot. The same word twice a day is one.

    Waits up to 15 s until the retraining service has recorded it. Exit code 1 when it is refused.

    Example: driftline approve 2013-03-04.352c7b --reason "better in every segment" --actor mara --max-weight 10
    """
    from driftline import by_hand, deciding
    from runtime.clock import SystemClock

    clock = SystemClock()
    terms = deciding.Terms(
        decision="approve",
        actor=actor,
        reason=reason,
        expires_ms=by_hand.until_ms(expires, clock.wall_ms(), option="--expires"),
        max_weight_bp=round(max_weight * 100),
        target=target,
    )
    raise typer.Exit(deciding.tell(deciding.decide(data_dir, named, terms, clock), as_json=json))
