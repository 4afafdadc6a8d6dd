"""`driftline status`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

from driftline.commands.options import DATA_DIR, DataDir, Json

NAME = "status"


def command(*, json: Json = False, data_dir: DataDir = DATA_DIR) -> None:
    """Models and services at a glance.

    Events, lag, the worst drift, open alerts and dead letters of each model; how far each service is behind.

    Example: driftline status
    """
    from driftline import connection, output
    from driftline.status import read, status_tables
    from runtime.clock import SystemClock

    found = connection.find(data_dir)
    status = read(found, SystemClock().wall_ms())
    if json:
        output.print_json(status.as_json())
    else:
        output.console().print(output.sections(status_tables(status)))
