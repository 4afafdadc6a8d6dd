"""`driftline reject`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

import typer

from driftline.commands.options import DATA_DIR, Actor, Candidate, DataDir, Json, Reason
from driftline.errors import ExitCode

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
    from driftline import deciding, output
    from runtime.clock import SystemClock

    clock = SystemClock()
    terms = deciding.Terms("reject", actor, reason, expires_ms=clock.wall_ms() + deciding.REJECTION_MS)
    decided = deciding.decide(data_dir, named, terms, clock)
    if json:
        output.print_json(decided.model_dump(mode="json", by_alias=True))
    else:
        output.console().print(str(decided), markup=False, soft_wrap=True)
    if decided.outcome == "refused":
        raise typer.Exit(ExitCode.PROBLEM)
