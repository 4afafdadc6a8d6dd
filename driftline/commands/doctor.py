"""`driftline doctor`."""
# ruff: noqa: PLC0415  a command imports its work when it runs, so that --help is quick

import typer

from driftline.commands.options import DATA_DIR, DataDir, Json
from driftline.errors import ExitCode

NAME = "doctor"


def command(*, json: Json = False, data_dir: DataDir = DATA_DIR) -> None:
    """Checks the machine, Kafka and the services.

    Python, Java, disk, registry, Kafka, topics, services, lag and clock; each fault with its next step.

    Exit code 1 when a check fails; a warning is no fault.

    Example: driftline doctor
    """
    from driftline import doctor, output

    findings = doctor.examine(data_dir)
    if json:
        output.print_json([finding._asdict() for finding in findings])
    else:
        output.console().print(doctor.findings_table(findings))
    if any(finding.outcome == "fail" for finding in findings):
        raise typer.Exit(ExitCode.PROBLEM)
