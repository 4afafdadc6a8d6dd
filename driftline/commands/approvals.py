"""`driftline approvals`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from typing import Annotated

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "approvals"


def command(
    named: Annotated[str | None, typer.Argument(metavar="[RUN|VERSION]", help="The run, or its candidate.")] = None,
    *,
    json: Json = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Candidates that wait for a decision, and what was decided; with a run or version, all there is to decide by.

    That is the candidate against production on rows that neither was trained on, gates, segments, protected groups,
    importances, data, candidates tried, and what a canary would see.

    Example: driftline approvals 2013-03-04.352c7b
    """
    from driftline import approvals, output
    from driftline.comparison import request_view

    if named is not None:
        request = approvals.request(data_dir, named)
        if json:
            output.print_json(request.model_dump(mode="json", by_alias=True))
        else:
            out = output.console()
            out.print(request_view(request), width=min(out.width, 100))
        return
    found = approvals.standings(data_dir)
    if json:
        output.print_json([one.model_dump(mode="json", by_alias=True) for one in found])
    else:
        output.console().print(output.sections(approvals.tables(found)))
