"""`driftline reject`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

import typer

from driftline.commands.options import DATA_DIR, Actor, Candidate, DataDir, Json, Reason

NAME = "reject"


def command(
    named: Candidate,
    reason: Reason,
    actor: Actor,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Rejects a candidate, or takes back its approval; whoever asked for it may.

    Waits up to 15 s until the retraining service has recorded it. Exit code 1 when it is refused.

    Example: driftline reject 2013-03-04.352c7b --reason "worse for JFK" --actor mara
    """
    from driftline import deciding
    from runtime.clock import SystemClock

    clock = SystemClock()
    terms = deciding.Terms("reject", actor, reason, expires_ms=clock.wall_ms() + deciding.REJECTION_MS)
    raise typer.Exit(deciding.tell(deciding.decide(data_dir, named, terms, clock), as_json=json))
